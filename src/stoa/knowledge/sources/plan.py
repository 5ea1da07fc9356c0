"""What a sync has to do about one entry of a source, seen beside what is known of it."""

from typing import Literal

from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.domain.syncs import Listed
from stoa.knowledge.fingerprint import fingerprint, same_text
from stoa.knowledge.ingest import NOT_INDEXED

Need = Literal["nothing", "rights", "index", "fetch", "urgent"]
"""`rights`: the text is as it was, and somebody else may read it now. `index`: the bytes are here and are not indexed as they
should be. `urgent`: bytes and rights may both have changed, so that neither the old readers nor the new ones may get the old
text for long."""


def need_of(listed: Listed, rights: Rights, *, origin: str, collection: Collection, retry: bool) -> Need:
    """`rights` are those that its document is to have; with `retry`, what could not be read is read again."""
    document = listed.document
    if document is None:
        return "fetch"
    known = known_version(listed, origin=origin)
    if known is None or listed.entry.version != known:
        return "fetch" if document.rights == rights else "urgent"
    if document.rights != rights:
        return "rights"
    if document.state == "failed":
        return "index" if retry or (document.error or "").startswith(NOT_INDEXED) else "nothing"
    outdated = document.state == "indexed" and not same_text(document.indexed_as, fingerprint(document, collection))
    return "index" if outdated else "nothing"


def known_version(listed: Listed, *, origin: str) -> str | None:
    """The version of the bytes that are here, None where there are none, or none of this place."""
    document = listed.document
    if document is None or listed.error is not None or listed.origin != origin or listed.digest != document.digest:
        return None
    return listed.version


class Parts:
    """Entries put together into parts of some documents each, to be fetched at once and to be lost at once in a crash."""

    def __init__(self, *, documents: int, bytes: int) -> None:  # noqa: A002 - what it counts
        self._most = (documents, bytes)
        self._filling: dict[bool, tuple[int, list[str], int]] = {}
        self._next = 1
        self._numbers: dict[bool, list[int]] = {True: [], False: []}

    def add(self, listed: Listed, *, urgent: bool) -> tuple[int, list[str]] | None:
        """A part that is full with this, as its number and paths."""
        number, paths, size = self._filling.pop(urgent, None) or self._begin(urgent)
        paths.append(listed.entry.path)
        size += listed.entry.bytes or 0
        if len(paths) >= self._most[0] or size >= self._most[1]:
            return number, paths
        self._filling[urgent] = number, paths, size
        return None

    def rest(self) -> list[tuple[int, list[str]]]:
        """Those that did not get full."""
        return [(number, paths) for number, paths, _ in self._filling.values()]

    @property
    def numbers(self) -> list[int]:
        """Of all parts, the urgent ones first."""
        return [*self._numbers[True], *self._numbers[False]]

    def _begin(self, urgent: bool) -> tuple[int, list[str], int]:
        number, self._next = self._next, self._next + 1
        self._numbers[urgent].append(number)
        return number, [], 0
