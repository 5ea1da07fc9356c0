"""Opaque random tokens, and the digest under which they are kept."""

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """The prefix and 43 url-safe characters: 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """SHA-256 as hex. Enough for a token of full entropy, which no dictionary holds; a password would need more."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
