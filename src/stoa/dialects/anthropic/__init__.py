"""Anthropic's messages and its count of tokens."""
