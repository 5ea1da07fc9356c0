"""E-mail as documents: a thread is one, with what its messages repeat left out, and what hangs on them lies beneath it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from stoa.adapters.sources.imap import Account, Mirror
from stoa.adapters.sources.mail_messages import (
    Attachment,
    Message,
    Thread,
    attached,
    attachment_paths,
    digest_of,
    summary,
    threads,
)
from stoa.adapters.sources.mail_text import markdown_of
from stoa.adapters.sources.mailboxes import Mailbox
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.sources import Connector, Entry, Fetched, Mail
from stoa.errors import InvalidRequest, SourceError, Unreadable

_Document = Thread | tuple[Message, Attachment]


class Messages(Protocol):
    """Where messages lie: on this machine, or brought here."""

    def all(self) -> Iterator[tuple[str, bytes]]: ...

    def read(self, key: str) -> bytes | None: ...


def connect(
    origin: Mail, credentials: Mapping[str, str], *, most_bytes: int, surroundings: Surroundings, silence_s: float = 30.0
) -> "MailConnector":
    """Raises InvalidRequest, naming the field."""
    if (origin.path is None) == (origin.host is None):
        raise InvalidRequest(
            "A source of type mail has a path, of an mbox or a Maildir, or the host of a server.", param="path"
        )
    if origin.path is not None:
        return MailConnector(Path(origin.path), None, most_bytes=most_bytes, what=origin.path)
    host, username, password = origin.host or "", credentials.get("username"), credentials.get("password")
    if not username or not password:
        raise InvalidRequest("A mail server needs credentials: username and password.", param="credentials")
    for field, text in (("host", host), ("mailbox", origin.mailbox), ("credentials", username + password)):
        if re.search(r"[\x00-\x1f\x7f]", text):
            raise InvalidRequest(f"{field} holds a control character.", param=field)
    account = Account(host, origin.port, origin.tls, username, password, origin.mailbox)
    folder = surroundings.folder("mail", f"{host}\0{origin.port}\0{username}\0{origin.mailbox}")
    mirror = Mirror(account, folder, most_bytes=most_bytes, silence_s=silence_s)
    return MailConnector(None, mirror, most_bytes=most_bytes, what=origin.mailbox)


class MailConnector(Connector):
    """Behind `Connector`. It has a path on this machine, or a mirror of a server's mailbox."""

    def __init__(self, path: Path | None, mirror: Mirror | None, *, most_bytes: int, what: str) -> None:
        self._path, self._mirror, self._most_bytes, self._what = path, mirror, most_bytes, what
        self._box: Mailbox | None = None
        self._found: dict[str, _Document] | None = None
        self._listing = asyncio.Lock()

    async def test(self) -> str:
        """Count what is there; nothing is brought here."""
        return f"The mailbox {self._what!r} answers, with {await asyncio.to_thread(self._count)} messages."

    async def entries(self) -> AsyncGenerator[Entry]:
        """Threads, and attachments that some parser reads."""
        async with self._listing:
            found = await asyncio.to_thread(self._list)
        for path, document in found.items():
            yield Entry(path=path, version=_version(document))

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        """A thread as Markdown, or an attachment as it was sent."""
        async with self._listing:
            if self._found is None:
                await asyncio.to_thread(self._list)
        document = (self._found or {}).get(entry.path)
        if document is None:
            raise Unreadable("The mailbox has no such thread or attachment any more.")
        version = _version(document)
        if version == known:
            return None
        async with self._listing:  # a mailbox has one place that it reads from
            data = await asyncio.to_thread(self._bytes, document)
        if len(data) > self._most_bytes:
            raise Unreadable(f"It has {len(data):,} bytes; the limit is {self._most_bytes:,} (worker.document_bytes).")
        return Fetched(data, version)

    async def close(self) -> None:
        """A listing that is under way in its thread ends at the next message."""
        if self._mirror is not None:
            self._mirror.stop()
        if self._box is not None:
            self._box.close()
            self._box = None

    def _count(self) -> int:
        if self._mirror is not None:
            return self._mirror.look()
        return sum(1 for _ in self._messages().all())

    def _list(self) -> dict[str, _Document]:
        if self._mirror is not None:
            self._mirror.bring()
        messages = self._messages(anew=True)
        found: dict[str, _Document] = {}
        for thread in threads(summary(key, data) for key, data in messages.all()):
            found[thread.path] = thread
            found.update(attachment_paths(thread))
        self._found = found
        return found

    def _messages(self, *, anew: bool = False) -> Messages:
        if self._mirror is not None:
            return self._mirror
        assert self._path is not None
        if self._box is not None and anew:
            self._box.close()
            self._box = None
        if self._box is None:
            self._box = Mailbox(self._path)
        return self._box

    def _bytes(self, document: _Document) -> bytes:
        if isinstance(document, tuple):
            message, attachment = document
            return attached(self._read(message), attachment.part)
        sections, ids = [f"# {document.messages[0].subject}"], set[str]()
        for message in document.messages:
            repeats = message.is_reply and bool(ids) and (not message.answers or not ids.isdisjoint(message.answers))
            sections.append(markdown_of(message, self._read(message), repeats=repeats))
            ids.add(message.id)
        return ("\n\n".join(sections) + "\n").encode("utf-8", "replace")

    def _read(self, message: Message) -> bytes:
        """A mailbox that a mail program rewrote meanwhile has others in its places."""
        data = self._messages().read(message.key)
        if data is None or digest_of(data) != message.digest:
            raise SourceError(f"The mailbox {self._what!r} was changed while it was read; sync it again.")
        return data


def _version(document: _Document) -> str:
    if isinstance(document, Thread):
        return document.version
    message, attachment = document
    return f"{message.digest}-{attachment.part}"
