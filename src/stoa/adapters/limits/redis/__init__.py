"""Limits that gateways on several machines count together, in Redis or Valkey."""
