"""Model servers: the models that run inside Stoa's own engine role."""
