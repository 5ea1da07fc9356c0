"""Collections as applications keep them, in the form of OpenAI's vector stores: what is known beside the collection itself."""

from collections.abc import Mapping

import msgspec

from stoa.domain.documents import DocumentState

SOURCE = "v1-files"
"""The source of documents that are made of files of `/v1/files`; their path begins with the file's id."""

_DAY_MS = 86_400_000


class VectorStore(msgspec.Struct, frozen=True, kw_only=True):
    """One that an application made. Times are UTC milliseconds; `expires_days` is counted from the last use, None is never."""

    collection: str
    name: str
    metadata: dict[str, str] = {}
    expires_days: int | None = None
    created_by: str
    created_at: int
    last_active_at: int

    @property
    def expires_at(self) -> int | None:
        return None if self.expires_days is None else self.last_active_at + self.expires_days * _DAY_MS

    def expired(self, now_ms: int) -> bool:
        return self.expires_at is not None and self.expires_at <= now_ms


class Held(msgspec.Struct, frozen=True):
    """What a collection holds: how many documents by state, and the bytes of all of them."""

    documents: Mapping[DocumentState, int] = {}
    bytes: int = 0

    @property
    def total(self) -> int:
        return sum(self.documents.values())


def path_of(file_id: str, filename: str) -> str:
    """Where the document of a file lies in its source."""
    return f"{file_id}/{filename}"


def file_of(document_id: str, source: str, path: str) -> tuple[str, str]:
    """The id and the name of the file that a document stands for: its own, where it was not made of a file."""
    if source == SOURCE and path.startswith("file-"):
        file_id, _, name = path.partition("/")
        return file_id, name
    return document_id, path.rpartition("/")[2]
