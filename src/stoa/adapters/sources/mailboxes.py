"""Mailboxes on this machine: an mbox file, or a Maildir. They are only read."""

import mailbox
from collections.abc import Iterator
from pathlib import Path

from stoa.errors import SourceError


class Mailbox:
    """The messages of a path, by keys of its own. Raises SourceError where there is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._box = _opened(path)
        except (OSError, mailbox.Error) as error:
            raise SourceError(f"The mailbox {str(path)!r} cannot be read: {error}.") from None
        self._path = path

    def all(self) -> Iterator[tuple[str, bytes]]:
        try:
            for key in self._box.iterkeys():
                yield str(key), self._box.get_bytes(key)
        except (OSError, mailbox.Error) as error:
            raise SourceError(f"The mailbox {str(self._path)!r} cannot be read: {error}.") from None

    def read(self, key: str) -> bytes | None:
        """None for a message that is gone."""
        try:
            return self._box.get_bytes(key if isinstance(self._box, mailbox.Maildir) else int(key))  # type: ignore[arg-type]
        except (KeyError, OSError):
            return None

    def close(self) -> None:
        self._box.close()


def _opened(path: Path) -> "mailbox.mbox | mailbox.Maildir":
    if path.is_dir():
        if not (path / "cur").is_dir():
            raise SourceError(f"The folder {str(path)!r} is no Maildir: it has no folder 'cur'.")
        for name in ("new", "tmp"):
            if not (path / name).is_dir():
                raise SourceError(f"The folder {str(path)!r} is no Maildir: it has no folder {name!r}.")
        return mailbox.Maildir(path, create=False)
    with path.open("rb") as file:
        beginning = file.read(5)
    if beginning not in (b"", b"From "):
        raise SourceError(f"The file {str(path)!r} is no mbox: it does not begin with 'From '.")
    return mailbox.mbox(path, create=False)
