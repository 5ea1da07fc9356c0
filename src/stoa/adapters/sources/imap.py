"""Messages of an IMAP server (RFC 9051, RFC 3501) as files here: what is new is fetched once, what is gone goes.

A message never changes under its number, so nothing is asked for twice, and a copy that broke off goes on where it was.
"""

import base64
import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stoa.errors import SourceError

_AT_ONCE = 200
_SIZE = re.compile(rb"\((?:.*?\s)?UID (\d+)(?:\s.*?)?RFC822\.SIZE (\d+)|\((?:.*?\s)?RFC822\.SIZE (\d+)(?:\s.*?)?UID (\d+)")
_HEAD = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID REFERENCES IN-REPLY-TO SUBJECT DATE FROM TO)]"
_LARGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to ask, and as whom."""

    host: str
    port: int
    tls: bool
    username: str
    password: str = field(repr=False)
    mailbox: str


class Mirror:
    """One mailbox. `silence_s` is how long the server may say nothing. All of it runs in a thread of its own."""

    def __init__(self, account: Account, folder: Path, *, most_bytes: int, silence_s: float) -> None:
        self._account, self._folder, self._silence_s = account, folder, silence_s
        self._most_bytes = 2 * most_bytes + _LARGEST_LINE  # what is attached is longer on its way
        self._stopped = threading.Event()

    def look(self) -> int:
        """How many messages there are."""
        with self._session() as (server, _):
            return len(_numbers(self._ask(server, "SEARCH", "ALL")))

    def bring(self) -> None:
        """Let the folder hold what the mailbox holds. Raises SourceError."""
        with self._session() as (server, validity):
            place = self._folder / validity
            for other in self._folder.iterdir() if self._folder.is_dir() else ():
                if other != place:  # numbers of another time mean other messages
                    _empty(other)
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            there = set(_numbers(self._ask(server, "SEARCH", "ALL")))
            here = {int(file.stem) for file in place.glob("*.eml")}
            for gone in here - there:
                (place / f"{gone}.eml").unlink(missing_ok=True)
            for numbers in _cut(sorted(there - here), _AT_ONCE):
                for number, size in self._sizes(server, numbers):
                    self._copy(server, place, number, size)

    def stop(self) -> None:
        self._stopped.set()

    def all(self) -> Iterator[tuple[str, bytes]]:
        """What was brought, by keys of their own."""
        files = sorted(self._folder.glob("*/*.eml"), key=lambda file: int(file.stem))
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                yield file.relative_to(self._folder).as_posix(), file.read_bytes()

    def read(self, key: str) -> bytes | None:
        try:
            return (self._folder / key).read_bytes()
        except OSError:
            return None

    def _copy(self, server: imaplib.IMAP4, place: Path, number: int, size: int) -> None:
        if self._stopped.is_set():
            raise SourceError("Reading the mailbox was broken off.")
        whole = size <= self._most_bytes
        found = self._ask(server, "FETCH", str(number), "(BODY.PEEK[])" if whole else f"({_HEAD})")
        data = next((part[1] for part in found if isinstance(part, tuple)), None)
        if data is None:
            return  # taken away since the numbers were asked for
        if not whole:
            note = f"(This message has {size:,} bytes and was left out; the limit is {self._most_bytes:,}.)"
            data = data.rstrip() + b"\r\n\r\n" + note.encode()
        part = place / f"{number}.part"
        part.write_bytes(data)
        part.replace(place / f"{number}.eml")

    def _sizes(self, server: imaplib.IMAP4, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
        for answer in self._ask(server, "FETCH", ",".join(map(str, numbers)), "(UID RFC822.SIZE)"):
            if (found := _SIZE.search(answer[0] if isinstance(answer, tuple) else answer or b"")) is not None:
                yield int(found[1] or found[4]), int(found[2] or found[3])

    def _ask(self, server: imaplib.IMAP4, *words: str) -> list[Any]:  # Any: bytes, or pairs of bytes, or None
        kind, found = server.uid(*words)
        if kind != "OK":
            raise SourceError(f"The mailbox {self._account.mailbox!r} refuses {words[0]}: {_told(found)}.")
        return found

    @contextlib.contextmanager
    def _session(self) -> "Generator[tuple[imaplib.IMAP4, str]]":
        account = self._account
        try:
            server = self._connected()
            try:
                self._sign_in(server)
                kind, found = server.select(_quoted(_utf7(account.mailbox)), readonly=True)
                if kind != "OK":
                    raise SourceError(f"{account.host!r} has no mailbox {account.mailbox!r}: {_told(found)}.")
                yield server, _validity(server)
            finally:
                with contextlib.suppress(imaplib.IMAP4.error, OSError):
                    server.shutdown()
        except SourceError:
            raise
        except (imaplib.IMAP4.error, OSError, ValueError, EOFError) as error:
            reason = str(error).replace(account.password, "***") if account.password else str(error)
            where = f"{account.host!r}, port {account.port}"
            raise SourceError(f"The mail server {where}, broke off: {(reason or type(error).__name__)[:300]}.") from None

    def _connected(self) -> imaplib.IMAP4:
        account = self._account
        try:
            if account.tls:
                return _SecureServer(account.host, account.port, self._most_bytes, self._silence_s)
            server = _Server(account.host, account.port, self._most_bytes, self._silence_s)
            if "STARTTLS" in server.capabilities:
                server.starttls(ssl.create_default_context())
            return server
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            where = f"{account.host!r}, port {account.port}"
            raise SourceError(f"The mail server {where}, cannot be reached: {error or type(error).__name__}.") from None

    def _sign_in(self, server: imaplib.IMAP4) -> None:
        account = self._account
        try:
            if "AUTH=PLAIN" in server.capabilities:
                server.authenticate("PLAIN", lambda _: f"\0{account.username}\0{account.password}".encode())
            else:
                server.login(_quoted(account.username), account.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise SourceError(f"The mail server {account.host!r} refuses the credentials.", code="source_refused") from None


class _Bounded(imaplib.IMAP4):
    """A server that announces more than was asked for is not listened to."""

    def __init__(self, host: str, port: int, most_bytes: int, timeout: float) -> None:
        self._most = most_bytes + _LARGEST_LINE
        super().__init__(host, port, timeout)

    def read(self, size: int) -> bytes:
        if size > self._most:
            raise self.abort(f"it sends {size:,} bytes at once")
        data = super().read(size)
        if len(data) < size:
            raise self.abort(f"it broke off after {len(data):,} of {size:,} bytes")
        return data


class _Server(_Bounded):
    pass


class _SecureServer(_Bounded):
    def open(self, host: str = "", port: int = 993, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        raw = socket.create_connection((host, port), timeout)
        self.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        self.file = self.sock.makefile("rb")


def _validity(server: imaplib.IMAP4) -> str:
    """What the numbers of messages are valid within: another one means other messages."""
    _, found = server.response("UIDVALIDITY")
    said = found[-1] if found else None
    return str(int(said)) if isinstance(said, bytes) else "0"


def _numbers(found: list[Any]) -> list[int]:
    return [int(number) for line in found if isinstance(line, bytes) for number in line.split()]


def _cut(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for at in range(0, len(numbers), size):
        yield numbers[at : at + size]


def _empty(folder: Path) -> None:
    for file in folder.iterdir() if folder.is_dir() else ():
        file.unlink(missing_ok=True)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(name: str) -> str:
    """A mailbox's name as the protocol has it (RFC 3501, section 5.1.3)."""

    def packed(run: re.Match[str]) -> str:
        return "&" + base64.b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", packed, name.replace("&", "&-"))


def _told(found: Sequence[Any]) -> str:
    return b" ".join(part for part in found if isinstance(part, bytes)).decode("utf-8", "replace")[:200]
