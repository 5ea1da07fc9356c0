"""Indexes of a collection: built beside each other, compared, moved between stores, kept as snapshots and put back."""
