"""Stage 3, cache: a question that was answered before is answered again, for nothing."""
