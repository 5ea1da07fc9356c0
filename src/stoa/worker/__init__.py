"""The worker edge: takes a durable job, calls a feature, reports progress."""
