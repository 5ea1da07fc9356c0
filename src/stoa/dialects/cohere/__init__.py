"""Cohere's chat and embed, version 2."""
