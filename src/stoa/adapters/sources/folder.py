"""A folder of this machine, indexed where it lies.

Everything is opened from the folder downwards without following a symbolic link, so that no link leads out of it, whoever
makes one and whenever. Names that are no UTF-8 are listed as well as they can be, and named when they are fetched.
"""

import asyncio
import errno
import hashlib
import os
import stat
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import contextmanager
from itertools import islice

from stoa.adapters.sources.posix import READ, SEARCH, Permission, Readers, acl_of, permission
from stoa.domain.identity import Rights
from stoa.domain.sidecars import NAME, Sidecars
from stoa.domain.sources import Connector, Entry, Fetched, Folder, is_hidden
from stoa.errors import InvalidRequest, SourceError, Unreadable

_AT_ONCE = 500
"""Entries listed between two looks at what else there is to do."""
_FRESH_NS = 2_000_000_000
"""A file that changed so lately may change again without its time telling: clocks of file systems tick slowly."""
_READS = 3
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def connect(origin: Folder, credentials: Mapping[str, str], *, most_bytes: int) -> Connector:
    """`origin.path` is one that may be read: see `places`. Raises InvalidRequest."""
    if credentials:
        raise InvalidRequest("A folder needs no credentials.", param="credentials")
    return FolderConnector(origin, most_bytes=most_bytes)


class FolderConnector(Connector):
    """The connector of one folder. The rights of its files are looked at anew with each listing."""

    def __init__(self, origin: Folder, *, most_bytes: int) -> None:
        self._origin, self._most_bytes = origin, most_bytes
        self._root = os.path.realpath(origin.path)

    async def test(self) -> str:
        found = await asyncio.to_thread(lambda: list(islice(self._walk(), _AT_ONCE)))
        if not found:
            return f"The folder {self._origin.path!r} holds no file."
        more = " or more" if len(found) == _AT_ONCE else ""
        files = "one file" if len(found) == 1 else f"{len(found)}{more} files"
        return f"The folder {self._origin.path!r} holds {files}, such as {found[0].path!r}."

    async def entries(self) -> AsyncGenerator[Entry]:
        walk = self._walk()
        try:
            while some := await asyncio.to_thread(lambda: list(islice(walk, _AT_ONCE))):
                for entry in some:
                    yield entry
        finally:
            await asyncio.to_thread(walk.close)

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        return await asyncio.to_thread(self._fetch, entry, known)

    async def close(self) -> None:
        pass

    def _walk(self) -> Generator[Entry]:
        """Raises SourceError at its end, if a folder could not be listed."""
        unlisted: list[OSError] = []
        try:
            with self._opened("", _FOLDER) as root:
                yield from self._inside(root, "", (), self._rules(), unlisted)
        except OSError as error:
            raise SourceError(f"The folder {self._origin.path!r} cannot be read: {error.strerror}.") from None
        if unlisted:
            first = unlisted[0]
            raise SourceError(
                f"{len(unlisted)} folders below {self._origin.path!r} cannot be listed, such as {first.filename!r}: "
                f"{first.strerror}. The user who runs Stoa needs to be let in."
            )

    def _inside(
        self, folder: int, place: str, way: tuple[Permission, ...], rights: "_Rules", unlisted: list[OSError]
    ) -> Generator[Entry]:
        """What lies in an open folder and in those below it, in order of name."""
        way = (*way, permission(os.fstat(folder), acl_of(folder), SEARCH)) if self._origin.rights == "posix" else ()
        with os.scandir(folder) as found:
            names = sorted((each.name, each.is_dir(follow_symlinks=False)) for each in found if not each.is_symlink())
        for name, is_folder in names:
            path = f"{place}{name}"
            if name == NAME or (not self._origin.hidden and is_hidden(name)):
                continue
            try:
                descriptor = os.open(name, _FOLDER if is_folder else _FILE | os.O_PATH, dir_fd=folder)
            except FileNotFoundError:  # gone since the folder was read
                continue
            except OSError as error:
                error.filename = path
                unlisted.append(error)
                continue
            try:
                if is_folder:
                    yield from self._inside(descriptor, f"{path}/", way, rights, unlisted)
                elif stat.S_ISREG((about := os.fstat(descriptor)).st_mode):
                    yield Entry(
                        path=_shown(path), version=_version(about), bytes=about.st_size, rights=rights(path, folder, name, way)
                    )  # fmt: skip
            finally:
                os.close(descriptor)

    def _rules(self) -> "_Rules":
        if self._origin.rights == "posix":
            readers = Readers(self._origin)
            return lambda path, folder, name, way: readers.rights((*way, _permission(folder, name)))
        if self._origin.rights == "none":
            return lambda path, folder, name, way: None
        sidecars = Sidecars(self._sidecar, place=self._origin.path)

        def said(path: str, folder: int, name: str, way: tuple[Permission, ...]) -> Rights | None:
            try:
                return sidecars.rights(path)
            except InvalidRequest as error:
                raise SourceError(error.message) from None

        return said

    def _sidecar(self, path: str) -> bytes | None:
        try:
            with self._opened(path, _FILE) as file, os.fdopen(os.dup(file), "rb") as content:
                return content.read()
        except FileNotFoundError:
            return None

    def _fetch(self, entry: Entry, known: str | None) -> Fetched | None:
        try:
            with self._opened(entry.path, _FILE) as file:
                return self._read(file, entry.path, known)
        except FileNotFoundError:
            if "\ufffd" in entry.path:
                raise Unreadable("Its name is no UTF-8; rename the file.") from None
            if not os.path.isdir(self._root):  # noqa: PTH112 - a path of bytes' own kind
                raise SourceError(f"The folder {self._origin.path!r} is not there.") from None
            raise Unreadable("It is gone since it was listed.") from None
        except OSError as error:
            raise Unreadable(f"The file cannot be read: {error.strerror}.") from None

    def _read(self, file: int, path: str, known: str | None) -> Fetched | None:
        """The bytes of an open file, read again where it is written to meanwhile."""
        for _ in range(_READS):
            about = os.fstat(file)
            if not stat.S_ISREG(about.st_mode):
                raise Unreadable("It is no ordinary file.")
            if about.st_size > self._most_bytes:
                raise Unreadable(
                    f"The file has {about.st_size:,} bytes; the limit is {self._most_bytes:,} (worker.document_bytes)."
                )
            settled = _version(about)
            if settled is not None and settled == known:
                return None
            os.lseek(file, 0, os.SEEK_SET)
            with os.fdopen(os.dup(file), "rb") as content:
                data = content.read(self._most_bytes + 1)
            if _same(about, os.fstat(file)) and len(data) == about.st_size:
                version = settled or f"{_stamp(about)}-{hashlib.sha256(data).hexdigest()[:16]}"
                return None if version == known else Fetched(data, version)
        raise Unreadable("It is being written to; the next sync brings it.")

    @contextmanager
    def _opened(self, path: str, flags: int) -> Generator[int]:
        """Open something inside the folder, one name after the other, following no link. Raises OSError."""
        names = path.split("/") if path else []
        if "\0" in path or not {"", ".", ".."}.isdisjoint(names):
            raise FileNotFoundError(errno.ENOENT, "no path inside the folder", path)
        descriptor = os.open(self._root, _FOLDER)
        try:
            for number, name in enumerate(names, 1):
                inner = os.open(name, flags if number == len(names) else _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


_Rules = Callable[[str, int, str, tuple[Permission, ...]], Rights | None]
"""The rights of a file at a path, by its open folder, its name there, and the permissions on the way to it."""


def _permission(folder: int, name: str) -> Permission:
    """Opens the file: reading an ACL needs that. One that cannot be opened is nobody's to read by its mode alone."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError:
        return permission(os.stat(name, dir_fd=folder, follow_symlinks=False), None, READ)
    try:
        return permission(os.fstat(descriptor), acl_of(descriptor), READ)
    finally:
        os.close(descriptor)


def _version(about: os.stat_result) -> str | None:
    """None for a file that changed so lately that its time does not tell yet."""
    return None if time.time_ns() - about.st_mtime_ns < _FRESH_NS else _stamp(about)


def _stamp(about: os.stat_result) -> str:
    return f"{about.st_mtime_ns:x}-{about.st_size:x}-{about.st_ino:x}"


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_mtime_ns, one.st_size) == (other.st_mtime_ns, other.st_size)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
