"""Sources: where documents come from, and the port to them.

A sync of a source lists what lies there, compares it with what came at the last one, fetches what is new or changed, and takes
away what is gone. Listing is cheap and complete each time, so nothing depends on a notice that was missed.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from stoa.domain.identity import AccessTag, Rights

Seconds = Annotated[float, Meta(gt=0)]
Positive = Annotated[int, Meta(ge=1)]


class _Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag_field="type"):
    pass


class Folder(_Origin, frozen=True, kw_only=True, tag="folder"):
    """A folder that the worker can read, indexed where it lies."""

    path: str
    rights: Literal["sidecar", "posix", "none"] = "sidecar"
    """What says whom a file is for beside the source's own `allow`: `.stoa-rights.yaml` files, or owner, group, mode and
    POSIX ACLs, whose names are looked up in `users` and `groups`."""
    users: dict[str, AccessTag] = {}
    """Of POSIX rights: the tag of each user's name; one that is not here becomes `user:NAME`."""
    groups: dict[str, AccessTag] = {}
    hidden: bool = False


class Bucket(_Origin, frozen=True, kw_only=True, tag="bucket"):
    """A bucket of S3 or of what speaks like it. Credentials: access_key_id, secret_access_key; else the machine's own."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    rights: Literal["sidecar", "none"] = "sidecar"


class Git(_Origin, frozen=True, kw_only=True, tag="git"):
    """A branch of a Git repository, by its URL or path. Credentials: username, password (a token)."""

    url: str
    branch: str | None = None
    folder: str = ""
    rights: Literal["sidecar", "none"] = "sidecar"


class Website(_Origin, frozen=True, kw_only=True, tag="website"):
    """The pages of a site below one address, by its sitemap and its links. robots.txt is honoured."""

    url: Annotated[str, Meta(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")]
    most_pages: Positive = 10_000
    requests_per_s: Seconds = 2.0
    follow_links: bool = True


class Sql(_Origin, frozen=True, kw_only=True, tag="sql"):
    """The rows of a query, each a document. Credentials: url, if it holds a password."""

    url: str | None = None
    """As SQLAlchemy writes it, such as sqlite:////srv/wiki.db or postgresql://host/wiki."""
    query: str
    """One SELECT. It is run in a transaction that only reads."""
    id_column: str
    text_columns: tuple[str, ...]
    title_column: str | None = None
    version_column: str | None = None
    """Changes whenever the row does; the row's own content if left out."""
    allow_column: str | None = None
    """Tags, with commas or spaces between them, or a JSON list."""
    deny_column: str | None = None


class Mail(_Origin, frozen=True, kw_only=True, tag="mail"):
    """E-mail, a thread a document: an mbox file or Maildir by `path`, or over IMAP. Credentials: username, password."""

    path: str | None = None
    host: str | None = None
    port: Positive = 993
    tls: bool = True
    mailbox: str = "INBOX"


class Push(_Origin, frozen=True, kw_only=True, tag="push"):
    """Nothing is fetched: others send documents to `/api/sources/NAME/documents`, each with rights of its own."""


class Plugin(_Origin, frozen=True, kw_only=True, tag="plugin"):
    """What a package brings under the entry point group `stoa.sources`; `options` are as that says."""

    plugin: str
    options: dict[str, str | int | float | bool] = {}


Origin = Folder | Bucket | Git | Website | Sql | Mail | Push | Plugin

NOT_DOCUMENTS = frozenset({"__pycache__", "node_modules"})


def is_hidden(path: str) -> bool:
    """Whether files at a path, with `/` between folders, are nobody's documents: hidden ones, and what tools put there."""
    return any(part.startswith(".") or part in NOT_DOCUMENTS for part in path.split("/"))


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it lies in its source.

    `path` is its place there, with `/` between folders, none of them empty, `.` or `..`. `version` changes whenever the bytes
    do, such as an ETag, and not when rights do; None where that is only known when it is fetched. `rights` are its own, None
    where the source's hold; an empty `allow` in them leaves that half to the source.
    """

    path: str
    version: str | None = None
    bytes: int | None = None
    rights: Rights | None = None


class Fetched(msgspec.Struct, frozen=True):
    """Its bytes, and the version that they are of: what a listing says of the same bytes, where it says anything."""

    data: bytes
    version: str


class Connector(Protocol):
    """Reads one source. Everything raises SourceError, saying what was asked and what came, when the source cannot be reached
    or refuses; Unreadable is for one document alone: broken, larger than `most_bytes`, gone since it was listed.

    `tests/contracts/sources.py` is what each one must pass.
    """

    async def test(self) -> str:
        """Reach the source and say what is there, in one sentence, without reading it all."""
        ...

    def entries(self) -> AsyncIterator[Entry]:
        """Everything that lies there now, each path once. It ends without an error only if that is all."""
        ...

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        """The bytes of an entry; None when they are still those of the version `known`."""
        ...

    async def close(self) -> None: ...


class Connectors(Protocol):
    """Makes the connector of an origin, with its credentials in the clear. Raises InvalidRequest where it cannot."""

    def open(self, origin: Origin, credentials: Mapping[str, str], *, most_bytes: int) -> Connector: ...
