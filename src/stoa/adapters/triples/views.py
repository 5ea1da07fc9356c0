"""Views in folders: for each kind of caller an Oxigraph store of what is open to them, made from the ledger of a collection.

One process at a time brings a view forward, under a lock. Queries never open the store it writes to, but copies of it that
never change, made by hard links after each step forward: Oxigraph cannot be read while another process writes.
"""

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stoa.adapters.triples.following import AT_ONCE, follow, reach, reached
from stoa.adapters.triples.frames import Followed
from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.domain.triples import Iri

if TYPE_CHECKING:
    from pyoxigraph import Store

VIEW = Iri("stoa:view")
_PIECE = 4_194_304
"""Bytes that are loaded at once."""


class Views:
    """The views of one collection, below its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ledger = folder / "views", Ledger(folder)

    def newest(self, kind: Kind) -> tuple[int, Path] | None:
        """How far the newest copy for queries is, and where it lies."""
        copies = [(int(path.name.removeprefix("at-")), path) for path in (self._folder / kind.name).glob("at-*")]
        return max(copies, default=None)

    def forward(self, kind: Kind, *, keep: int) -> Followed:
        """Bring one up to the ledger, from nothing if need be; the ones used last stay, `keep` in all."""
        folder = self._folder / kind.name
        with _locked(folder) as mine:
            if not mine:
                return Followed(0, busy=True)
            self._drop_others(kind, keep)
            change = self._forward(folder, kind)
            if change > self._ledger.latest():  # the ledger is an older one, put back from a copy
                shutil.rmtree(folder / "store")
                change = self._forward(folder, kind)
        return Followed(change)

    def used(self, kind: Kind) -> None:
        os.utime(self._folder / kind.name / "lock")

    def _forward(self, folder: Path, kind: Kind) -> int:
        from pyoxigraph import Store

        if not (folder / "store").is_dir():
            self._make(folder, kind)
        store = Store(folder / "store")
        change = _reached(store)
        while changes := self._ledger.changes(change, most=AT_ONCE):
            store.update(follow(VIEW, changes, kind))
            change = changes[-1].number
        here = folder / f"at-{change}"
        if not here.is_dir():
            shutil.rmtree(copy := folder / "copy", ignore_errors=True)
            store.backup(copy)
            copy.rename(here)
        for other in folder.glob("at-*"):
            if other != here:
                shutil.rmtree(other, ignore_errors=True)
        return change

    def _make(self, folder: Path, kind: Kind) -> None:
        """A store from nothing, in its place when it is whole."""
        from pyoxigraph import NamedNode, RdfFormat, Store

        shutil.rmtree(new := folder / "new", ignore_errors=True)
        store, change, waiting = Store(new), 0, bytearray()
        for latest, lines in self._ledger.whole(kind):
            change = latest
            waiting += lines
            if len(waiting) > _PIECE:
                store.bulk_load(bytes(waiting), format=RdfFormat.N_TRIPLES, to_graph=NamedNode(VIEW.iri), lenient=True)
                waiting.clear()
        store.bulk_load(bytes(waiting), format=RdfFormat.N_TRIPLES, to_graph=NamedNode(VIEW.iri), lenient=True)
        store.update(" ;\n".join(reach(VIEW, change)))
        store.flush()
        del store  # lets go of the folder
        new.rename(folder / "store")

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


def _reached(store: "Store") -> int:
    found: Any = store.query(reached(VIEW))  # Any: a class for each kind of query
    return next((int(row["n"].value) for row in found), 0)
