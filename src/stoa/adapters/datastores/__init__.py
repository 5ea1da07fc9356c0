"""Databases of others, of which Stoa only reads."""
