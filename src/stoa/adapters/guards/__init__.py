"""Guards that are somebody else's service."""
