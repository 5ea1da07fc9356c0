"""Rights as numbers, for stores that filter fast by one number and slowly by sets of tags.

A collection has few different rights, however many documents. Each is a number: the first 63 bits of a SHA-256 over its tags,
so that everybody gives it the same and nobody need ask for one. A small table beside the collection keeps what each means. What
a caller may read is then the numbers of those rights that are open to them, worked out once for a caller and kept.

A number that nobody knows opens nothing. Should two rights ever share one, it opens what both of them open.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec

from stoa.domain.identity import AccessTag, Rights, denying, opening

_KEPT = 256
"""Callers whose numbers are kept."""

_PIECE = 15_000
"""Characters of one piece of a text that says what a number means; a store's field holds 65,535 bytes."""


class Entry(msgspec.Struct, frozen=True):
    """A row of the table: one piece of what a number means. The key is the same whoever writes it."""

    key: str
    number: int
    text: str


class _Said(msgspec.Struct, frozen=True, array_like=True):
    allow: list[str]
    deny: list[str]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Said).decode


def number_of(rights: Rights) -> int:
    """At least 1, below 2^63."""
    return int.from_bytes(hashlib.sha256(_text(rights)).digest()[:8]) >> 1 or 1


def entries_of(rights: Rights) -> Sequence[Entry]:
    """The rows that say what the rights' number means."""
    text, digest, number = _text(rights).decode(), hashlib.sha256(_text(rights)).hexdigest(), number_of(rights)
    pieces = [text[n : n + _PIECE] for n in range(0, len(text), _PIECE)]
    return [Entry(f"{digest}:{n}:{len(pieces)}", number, piece) for n, piece in enumerate(pieces)]


class Numbers:
    """What is known of the numbers of one collection. It only ever grows."""

    def __init__(self) -> None:
        self._rights: dict[int, tuple[Rights, ...]] = {}
        self._open: OrderedDict[frozenset[AccessTag], tuple[int, ...]] = OrderedDict()

    def learn(self, entries: Iterable[Entry]) -> None:
        """Take in rows of the table; what is not there in all its pieces yet is left out."""
        found: dict[str, dict[int, Entry]] = {}
        for entry in entries:
            digest, place, _ = entry.key.split(":")
            found.setdefault(digest, {})[int(place)] = entry
        for pieces in found.values():
            first = next(iter(pieces.values()))
            if len(pieces) == int(first.key.rpartition(":")[2]):
                said = _decode("".join(pieces[n].text for n in range(len(pieces))))
                self.know(first.number, Rights(frozenset(said.allow), frozenset(said.deny)))

    def know(self, number: int, rights: Rights) -> None:
        known = self._rights.get(number, ())
        if rights not in known:
            self._rights[number] = (*known, rights)
            self._open.clear()

    def __contains__(self, number: int) -> bool:
        return number in self._rights

    def is_open(self, number: int, acl: frozenset[AccessTag]) -> bool:
        known = self._rights.get(number)
        return known is not None and all(rights.open_to(acl) for rights in known)

    def open_to(self, acl: frozenset[AccessTag]) -> Sequence[int]:
        """The numbers of rights that are open to whoever holds these tags, in order."""
        if (kept := self._open.get(acl)) is not None:
            self._open.move_to_end(acl)
            return kept
        opened, denied = opening(acl), denying(acl)
        found = tuple(
            sorted(
                number
                for number, known in self._rights.items()
                if all(not each.allow.isdisjoint(opened) and each.deny.isdisjoint(denied) for each in known)
            )
        )
        self._open[acl] = found
        if len(self._open) > _KEPT:
            self._open.popitem(last=False)
        return found

    def personal(self, number: int) -> bool:
        """Whether the rights name single people."""
        return any(rights.personal for rights in self._rights.get(number, ()))

    def rights(self, number: int) -> Rights | None:
        """What the number means; None where nobody knows, or where it means two things."""
        known = self._rights.get(number, ())
        return known[0] if len(known) == 1 else None


def _text(rights: Rights) -> bytes:
    return _encode(_Said(sorted(rights.allow), sorted(rights.deny)))
