"""What documents state as triples: found by rules or a model, kept with the passages that say it, looked up."""
