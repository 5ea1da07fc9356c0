"""Views in folders: for each kind of caller an Oxigraph store of what is open to them, made from the ledger of a collection.

One process at a time brings a view forward, under a lock. Queries never open the store it writes to, but copies of it that
never change, made by hard links after each step forward: Oxigraph cannot be read while another process writes. A new view, or
one that fell far behind, is made over from the nearest of these copies.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stoa.adapters.triples.following import AT_ONCE, follow, reached
from stoa.adapters.triples.frames import Followed
from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.adapters.triples.making import VIEW, Base, make

if TYPE_CHECKING:
    from pyoxigraph import Store

_COPY = "as-of-"


class Views:
    """The views of one collection, below its folder."""

    def __init__(self, folder: Path, *, near: int = AT_ONCE) -> None:
        """A view that is more than `near` changes behind is made over."""
        self._folder, self._ledger, self._near_by = folder / "views", Ledger(folder), near

    def newest(self, kind: Kind) -> tuple[int, Path] | None:
        """How far the newest copy for queries is, and where it lies."""
        return _newest(self._folder / kind.name)

    def every(self) -> list[Base]:
        """The newest copy of each view that has one."""
        found: list[Base] = []
        for told in self._folder.glob("*/kind"):
            if copy := _newest(told.parent):
                with contextlib.suppress(OSError, msgspec.DecodeError):  # let go of meanwhile; or broken off as it was written
                    found.append(Base(msgspec.json.decode(told.read_bytes(), type=Kind), *copy))
        return found

    def forward(self, kind: Kind, *, keep: int) -> Followed:
        """Bring one up to the ledger, from nothing if need be; the ones used last stay, `keep` in all."""
        folder = self._folder / kind.name
        if not self._folder.parent.is_dir():  # the collection was dropped meanwhile
            return Followed(0)
        with _locked(folder) as mine:
            if not mine:
                return Followed(0, busy=True)
            self._drop_others(kind, keep)
            return Followed(self._forward(folder, kind))

    def used(self, kind: Kind) -> None:
        with contextlib.suppress(OSError):  # let go of meanwhile
            os.utime(self._folder / kind.name / "lock")

    def last_used(self, kind: Kind) -> float:
        """Seconds since 1970; 0 for one that is not there."""
        with contextlib.suppress(OSError):
            return (self._folder / kind.name / "lock").stat().st_mtime
        return 0.0

    def _forward(self, folder: Path, kind: Kind) -> int:
        from pyoxigraph import Store

        (folder / "kind").write_bytes(msgspec.json.encode(kind))
        store = self._near(folder)
        if store is None:
            self._make(folder, kind)
            store = Store(folder / "store")
        change = _reached(store) or 0
        while changes := self._ledger.changes(change, most=AT_ONCE):
            store.update(follow(VIEW, changes, kind, alone=True))
            change = changes[-1].number
        here = folder / f"{_COPY}{change}"
        if not here.is_dir():
            shutil.rmtree(copy := folder / "copy", ignore_errors=True)
            store.backup(copy)
            copy.rename(here)
        for other in folder.iterdir():
            if other.is_dir() and other not in (here, folder / "store"):
                shutil.rmtree(other, ignore_errors=True)
        return change

    def _make(self, folder: Path, kind: Kind) -> None:
        """A store in the place of the one that was there, if any, when it is whole."""
        shutil.rmtree(new := folder / "new", ignore_errors=True)
        try:
            if (base := make(new, self._ledger, kind, self.every())) is not None:
                self.used(base.kind)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)  # the disk may be full
            raise
        shutil.rmtree(folder / "store", ignore_errors=True)
        new.rename(folder / "store")

    def _near(self, folder: Path) -> "Store | None":
        """The store of a view that is a few changes behind; None where it is better made over."""
        from pyoxigraph import Store

        if not (folder / "store").is_dir():
            return None
        store = Store(folder / "store")
        change = _reached(store)
        if change is None or change > self._ledger.latest():  # of another form; or the ledger is an older one, put back
            return None
        return store if self._ledger.waiting(change).documents <= self._near_by else None

    def _drop_others(self, kind: Kind, keep: int) -> None:
        """Let go of the views that were used longest ago; one that is worked on stays."""
        others = [(path.stat().st_mtime, path.parent) for path in self._folder.glob("*/lock") if path.parent.name != kind.name]
        for _, folder in sorted(others, reverse=True)[max(0, keep - 1) :]:
            with _locked(folder) as mine:
                if mine:
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Generator[bool]:
    """Whether the view is this process's alone for now."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _newest(folder: Path) -> tuple[int, Path] | None:
    copies = [(int(path.name.removeprefix(_COPY)), path) for path in folder.glob(f"{_COPY}*")]
    return max(copies, default=None)


def _reached(store: "Store") -> int | None:
    found: Any = store.query(reached(VIEW))  # Any: a class for each kind of query
    return next((int(row["n"].value) for row in found), None)
