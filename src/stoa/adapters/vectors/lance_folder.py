"""What the folder of a LanceDB table tells without the store: whether there was a commit since it was looked at.

A commit puts a file of a new name among the table's versions, and a table that is made anew under the name has another folder.
Measured: 10 us a look, where to ask the store for version and mark takes 500.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

COARSE_S = 2.5
"""Changes further apart than this have different times on every file system; FAT counts by two seconds."""


@dataclass
class Look:
    """At the versions of a table: where they lie, which folder it was, when that last changed, their names, and when it was."""

    path: Path
    folder: int
    changed_ns: int
    names: list[str]
    at: float
    old: bool = field(default=False)
    """Whether nothing had changed for so long that the next change will show in the folder's time alone."""


class TableFolders:
    """Of the tables under `root`; nothing can be told where that is None, because they lie on no disk of this machine."""

    def __init__(self, root: Path | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._clock = root, clock

    def look(self, collection: str) -> Look | None:
        if self._root is None:
            return None
        path = self._root / f"{collection}.lance" / "_versions"
        try:
            told = path.stat()
            return Look(path, told.st_ino, told.st_mtime_ns, _names(path), self._clock())
        except OSError:
            return None

    def is_as(self, look: Look) -> bool:
        """Whether nobody committed anything since that look."""
        try:
            told = look.path.stat()
            if told.st_mtime_ns != look.changed_ns or told.st_ino != look.folder:
                return False
            if not look.old:
                late = self._clock() - look.at >= COARSE_S
                if _names(look.path) != look.names:
                    return False
                look.old = late
        except OSError:
            return False
        return True


def _names(path: Path) -> list[str]:
    return [each.name for each in path.iterdir()]


NOT_SEEN = TableFolders(None)
