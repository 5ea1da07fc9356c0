"""Whether the passages that an answer names say what its sentences say."""
