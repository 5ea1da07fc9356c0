"""What the graph learns from the chunks of a document: names, headings and links."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from posixpath import join, normpath
from urllib.parse import unquote, urlsplit

from stoa.domain.graph import DocumentFacts, PassageFacts
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.names import names_in, names_of, opening_of

BEGINNING = 8
"""Passages that a document's title and path lead to; in a longer one they are its beginning."""

_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|<a\b[^>]*?\bhref\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)


def facts_of(chunks: Iterable[IndexedChunk]) -> list[DocumentFacts]:
    """The facts of documents whose chunks stand together, in order."""
    found: list[DocumentFacts] = []
    for document, rows in groupby(chunks, key=lambda row: row.chunk.document_id):
        kept = list(rows)
        passages = tuple(_passage(row.chunk, number) for number, row in enumerate(kept))
        found.append(DocumentFacts(id=document, passages=passages, rights=kept[0].rights))
    return found


def links_in(text: str, path: str) -> frozenset[str]:
    """The documents that a Markdown or HTML text at `path` links to, each as a slash and its path; other sites are left out."""
    return frozenset(filter(None, (_target(match[1] or match[2], path) for match in _LINK.finditer(text))))


def _passage(chunk: Chunk, number: int) -> PassageFacts:
    about = set(opening_of(_after_heading(chunk.text)))
    if chunk.heading:
        about |= names_of(chunk.heading[-1])
    if number < BEGINNING:
        about |= names_of(chunk.title) | {f"/{chunk.path}"}
    mentions = names_in(chunk.text) | links_in(chunk.text, chunk.path)
    return PassageFacts(id=chunk.id, about=frozenset(about), mentions=mentions - about)


def _after_heading(text: str) -> str:
    """What a passage says first, below the headings that it begins with."""
    lines: Sequence[str] = text.lstrip().split("\n")
    first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    return "\n".join(lines[first:])


def _target(link: str, path: str) -> str:
    try:
        parts = urlsplit(link)
    except ValueError:  # brackets that are no address
        return ""
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    return f"/{normpath(join('/', path.rpartition('/')[0], unquote(parts.path))).lstrip('/')}"
