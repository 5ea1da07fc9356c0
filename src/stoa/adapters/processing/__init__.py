"""Processing of many documents: partitions over Daft, in processes of this machine or on a Ray cluster."""
