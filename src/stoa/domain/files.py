"""Files that applications keep here, as OpenAI's `/v1/files` has them: what is known of one, and the ports to row and bytes.

A file belongs to a team. It may hold what only its maker was allowed to read, so a caller sees it who is of the team and holds
every access tag that the maker held.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Literal, Protocol

import msgspec

from stoa.domain.identity import AccessTag

Purpose = Literal["assistants", "batch", "batch_output", "evals", "fine-tune", "user_data", "vision"]
PURPOSES: tuple[Purpose, ...] = ("assistants", "batch", "batch_output", "evals", "fine-tune", "user_data", "vision")

FileState = Literal["pending", "ready"]


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """Times are UTC milliseconds. `pending` is a file whose bytes are on their way: nobody sees it yet.

    Whose it is: `key_id` or `user_id`, the other is None; `acl` are the access tags that they held.
    """

    id: str
    team: str
    key_id: str | None
    user_id: str | None
    acl: frozenset[AccessTag]
    filename: str
    purpose: Purpose
    bytes: int
    state: FileState
    created_at: int
    expires_at: int | None = None


def blob_name(file_id: str) -> str:
    """The object that holds a file's bytes."""
    return f"files/{file_id}"


class Blobs(Protocol):
    """Bytes by name, in pieces both ways, so that none is ever whole in memory."""

    async def write(self, name: str, pieces: AsyncIterable[bytes]) -> int:
        """Store all pieces and return how many bytes they were. If they break off there is nothing under the name."""
        ...

    async def read(self, name: str) -> AsyncGenerator[bytes] | None:
        """The pieces, None when there is no such object."""
        ...

    async def delete(self, name: str) -> None: ...


class FileStore(Protocol):
    """The files of one transaction."""

    async def add(self, file: StoredFile) -> None: ...

    async def get(self, file_id: str) -> StoredFile | None: ...

    async def complete(self, file_id: str, *, size: int) -> bool:
        """The bytes of a pending file are there. False when the file is not there any more."""
        ...

    async def page(
        self,
        *,
        team: str,
        acl: frozenset[AccessTag],
        purpose: Purpose | None,
        descending: bool,
        after: str | None,
        limit: int,
        now_ms: int,
    ) -> Sequence[StoredFile]:
        """Ready, unexpired ones that the tags cover, by creation; after the file of that id."""
        ...

    async def drop(self, file_id: str) -> bool:
        """Take the row away. False when there was none."""
        ...

    async def in_use(self, file_id: str) -> str | None:
        """The batch that still reads the file, if there is one."""
        ...

    async def outdated(self, *, now_ms: int, begun_before_ms: int, limit: int) -> Sequence[str]:
        """Those that have expired, and those still pending that were begun too long ago to arrive; none that a batch reads."""
        ...
