"""Documents: what is kept of each, what a parser makes of one, and the ports they travel through.

A document belongs to a collection, came with a source and lies there under a path; its text is what a parser read out of
the raw bytes. Offsets everywhere are characters into that text.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal, Protocol

import msgspec

from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Spent
from stoa.domain.traits import Sketch, Traits

DocumentState = Literal["queued", "indexed", "failed", "removed"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the documents. Times are UTC milliseconds; `digest` is the SHA-256 of the raw bytes.

    `acl` and `deny` are its rights: a reader holds a tag of the first and none of the second.
    `indexed_as` says what the index holds of it, as `knowledge.fingerprint` writes it; None before the first time. `traits` are
    None before it was read.
    """

    id: str
    collection: str
    source: str
    path: str
    title: str
    digest: str
    bytes: int
    pages: int | None = None
    chunks: int | None = None
    acl: frozenset[AccessTag]
    deny: frozenset[AccessTag] = frozenset()
    state: DocumentState
    error: str | None = None
    indexed_as: str | None = None
    traits: Traits | None = None
    job_id: str | None = None
    created_at: int
    updated_at: int

    @property
    def rights(self) -> Rights:
        return Rights(self.acl, self.deny)


class DocumentVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a document became at a moment: other bytes, or other rights. `by` is who changed it, where that is known."""

    number: int
    at: int
    digest: str
    bytes: int
    acl: frozenset[AccessTag]
    deny: frozenset[AccessTag] = frozenset()
    by: str | None = None


class Heading(msgspec.Struct, frozen=True, array_like=True):
    """A heading in the text: its line starts at `start` and ends at `end`; level 1 is the outermost."""

    start: int
    end: int
    level: int
    text: str


class ParsedDocument(msgspec.Struct, frozen=True):
    """What a parser read: the text as people see it, with its headings and pages.

    `title` is empty when the document names none. `pages` holds where each page starts, and is empty for formats without
    pages. `kind` is how the text is written: Markdown has tables and code fences that must not be torn. `date` is the
    document's own, ISO, where the file says so. `unread` are the 1-based pages that gave no text, `notes` what else there is to
    say of the reading, and `reader` the programs that read, with their versions.
    """

    title: str
    text: str
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    kind: Literal["markdown", "prose", "code", "rows"] = "prose"
    date: str | None = None
    unread: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    reader: str = ""

    def page_at(self, offset: int) -> int | None:
        """The 1-based page that a character lies on."""
        if not self.pages:
            return None
        return max(1, sum(1 for start in self.pages if start <= offset))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one document in a job: the fields of its row that change, None for those that stay."""

    document_id: str
    state: DocumentState
    title: str | None = None
    pages: int | None = None
    chunks: int | None = None
    error: str | None = None
    indexed_as: str | None = None
    version: int | None = None
    """Of the index that holds it so; None where there is only one."""
    traits: Traits | None = None
    sketch: Sketch | None = None


class Resembling(msgspec.Struct, frozen=True):
    """A document that may say almost the same as another, with its sketch to be compared."""

    document_id: str
    sketch: Sketch


class Parser(Protocol):
    """Reads a document. Raises Unreadable, saying why, for one that is broken, encrypted, empty or of an unknown kind."""

    async def parse(self, data: bytes, *, name: str) -> ParsedDocument: ...


class Splitter(Protocol):
    """Cuts text by the tokens of the model that will embed it."""

    def count(self, text: str) -> int: ...

    def split(self, text: str, *, tokens: int, markdown: bool) -> Sequence[tuple[int, int]]:
        """Ranges of at most `tokens` each, cut at the largest unit of meaning that fits: paragraph, sentence, word."""
        ...


class TokenCounter(Protocol):
    """Counts the tokens of texts as the splitter does."""

    async def count(self, texts: Sequence[str]) -> Sequence[int]: ...


def raw_name(digest: str) -> str:
    """The object that holds a document's raw bytes."""
    return f"raw/{digest[:2]}/{digest}"


def parsed_name(digest: str, path: str, *, version: str) -> str:
    """The object that holds what parsers of this version made of the bytes, for a file whose name ends as the path does."""
    ending = hashlib.sha256(PurePosixPath(path.lower()).name.rpartition(".")[2].encode()).hexdigest()[:8]
    return f"parsed/{version}/{digest[:2]}/{digest}.{ending}"


class Objects(Protocol):
    """Bytes by name, written whole or not at all. A name is lower-case words, digits, dots and slashes."""

    async def put(self, name: str, data: bytes) -> None: ...

    async def get(self, name: str) -> bytes | None: ...

    async def delete(self, name: str) -> None: ...


class ListedObjects(Objects, Protocol):
    """Objects that can be found by how their names begin."""

    async def names(self, prefix: str) -> Sequence[str]:
        """Those of the names that begin with this folder, such as `vectors/snapshots`, sorted."""
        ...


class DocumentLedger(Protocol):
    """The documents of a job, as the worker sees them."""

    async def of_job(self, job_id: str, *, after: str | None = None, limit: int | None = None) -> Sequence[Document]:
        """Those whose latest change this job has to carry out, by id, behind the id `after`."""
        ...

    async def read(self, ids: Sequence[str]) -> Mapping[str, Document]: ...

    async def claim(self, job_id: str, ids: Sequence[str], *, moved: bool = False) -> frozenset[str]:
        """Those that are still the job's; their rows say from now on that nothing is known of what the index holds of them.

        Nor of what indexes beside it hold, unless they are only `moved`: other rights, and the same text.
        """
        ...

    async def record(self, job_id: str, collection: str, outcomes: Sequence[Outcome], *, spent: Spent | None = None) -> None:
        """Write outcomes and what they took, bring the job's counters up to them, raise the corpus version: one transaction.

        A document that a later job has taken over since is left alone; the row of a removed one goes.
        """
        ...

    async def resembling(self, collection: str, sketches: Mapping[str, Sketch]) -> Mapping[str, Sequence[Resembling]]:
        """For each document, older ones of the collection that share a band with its sketch, oldest first."""
        ...

    async def orphans(self, digests: Sequence[str]) -> Sequence[str]:
        """Those of the digests that no document has any more."""
        ...
