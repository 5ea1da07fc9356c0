"""Redis or Valkey, for what replicas share: one client for each process."""
