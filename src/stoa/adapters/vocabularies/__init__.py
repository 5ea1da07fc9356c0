"""Adapters that count tokens as a model does."""
