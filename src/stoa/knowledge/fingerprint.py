"""What the index holds of a document, in one short text: its text, how that is cut and embedded, and its rights."""

import hashlib

from stoa.domain.documents import Document
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection

PARSER = "2"
"""Grows when another text, or another page or heading in it, comes out of the same bytes."""

CHUNKER = "2"
"""Grows when other chunks come out of the same text."""

_TEXT, _CONTENT, _WHOLE = 32, 40, 64
"""Where the parts end: bytes, path and parsing; then cutting and embedding; then the rights."""

_ANEW = "x" * (_CONTENT - _TEXT)
"""In the place of how it is cut and embedded: no fingerprint has it, so that the content differs and the text does not."""


def fingerprint(document: Document, collection: Collection, rights: Rights | None = None) -> str:
    """What the index should hold of a document, under its own rights or these."""
    text = _hash(PARSER, document.digest, document.path)
    cut = _hash(CHUNKER, collection.embedding_model, str(collection.chunk_tokens))
    return text[:_TEXT] + cut[: _CONTENT - _TEXT] + _rights(document.rights if rights is None else rights)


def anew(indexed_as: str | None) -> str | None:
    """What the index holds, with its text to be read from the raw bytes again; None where it holds nothing that is known."""
    return None if indexed_as is None else indexed_as[:_TEXT] + _ANEW + indexed_as[_CONTENT:]


def to_be_read_anew(indexed_as: str | None) -> bool:
    """Whether a text that was kept is not to be used."""
    return indexed_as is not None and indexed_as[_TEXT:_CONTENT] == _ANEW


def same_text(one: str | None, other: str) -> bool:
    """Whether offsets into the text mean the same: the two may differ in passages and rights."""
    return one is not None and one[:_TEXT] == other[:_TEXT]


def same_content(one: str | None, other: str) -> bool:
    """Whether nothing needs embedding: the two differ in rights at most."""
    return one is not None and one[:_CONTENT] == other[:_CONTENT]


def same_rights(one: str | None, rights: Rights) -> bool:
    """Whether the index holds the document under these rights."""
    return one is not None and one[_CONTENT:] == _rights(rights)


def _rights(rights: Rights) -> str:
    denied = ("", *sorted(rights.deny)) if rights.deny else ()  # what denied nobody keeps the print it had
    return _hash(*sorted(rights.allow), *denied)[: _WHOLE - _CONTENT]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
