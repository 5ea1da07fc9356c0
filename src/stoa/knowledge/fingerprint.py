"""What the index holds of a document, in one short text: a half for its content and a half for its rights."""

import hashlib
from collections.abc import Iterable

from stoa.domain.identity import AccessTag

PIPELINE = "1"
"""Grows when parsing or chunking change what comes out of the same bytes."""


def fingerprint(*, digest: str, path: str, embedding_model: str, chunk_tokens: int, acl: Iterable[AccessTag]) -> str:
    """64 characters: 32 for bytes, path and pipeline, 32 for the access tags."""
    content = "\0".join((PIPELINE, digest, path, embedding_model, str(chunk_tokens)))
    return _half(content) + _half("\0".join(sorted(acl)))


def same_content(one: str | None, other: str) -> bool:
    """Whether nothing needs embedding: the two differ in rights at most."""
    return one is not None and one[:32] == other[:32]


def same_rights(one: str | None, acl: Iterable[AccessTag]) -> bool:
    """Whether the index holds the document under these access tags."""
    return one is not None and one[32:] == _half("\0".join(sorted(acl)))


def _half(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
