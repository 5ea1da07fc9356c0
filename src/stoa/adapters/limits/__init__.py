"""Limits that several gateways count together: the workers of one machine in a file, replicas in Redis."""
