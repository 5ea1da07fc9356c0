"""Questions that were answered, found again by what they say.

`judgement` shares an answer only between questions that say the same, so they are looked up by that: no vectors are searched,
and nothing needs to be embedded until a question is there that may be the same. Answers lie elsewhere, under their own keys.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from stoa.gateway.likeness.judgement import signature
from stoa.gateway.likeness.reading import Reading

OVERHEAD = 3_000
"""Bytes that a question takes besides its text: the vector, once there is one, and its places in the tables."""

MOST_ALIKE = 8
"""Ways to put the same question that are kept side by side; each is read and judged when one more is asked."""


@dataclass(slots=True, eq=False)
class Known:
    """A question, and under which key its answer lies. Whoever embeds the text first leaves the vector here."""

    text: str
    answer: bytes
    alike: bytes
    vector: Sequence[float] | None = None

    @property
    def size_bytes(self) -> int:
        return OVERHEAD + 4 * len(self.text)


class Questions:
    """What was asked; the least recently used go first. Not shared between processes, nothing in it outlives this one.

    Questions meet within a `scope` only: all of a request but its last question. They live as long as their answers, whose
    keeper calls `drop`.
    """

    def __init__(self, *, max_bytes: int, max_entries: int) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._alike: dict[bytes, list[bytes]] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._known)

    def alike(self, scope: bytes, asked: Reading) -> list[Known]:
        """Those that say the same as far as words alone tell, the latest first; `judge` has the last word."""
        return [self._known[answer] for answer in reversed(self._alike.get(_bucket(scope, asked), ()))]

    def put(self, scope: bytes, text: str, read: Reading, *, answer: bytes) -> None:
        """`read` is the reading of text. Another question with the same answer key goes."""
        self.drop(answer)
        known = Known(text, answer, _bucket(scope, read))
        others = self._alike.setdefault(known.alike, [])
        others.append(answer)
        self._known[answer] = known
        self.size_bytes += known.size_bytes
        if len(others) > MOST_ALIKE:
            self.drop(others[0])
        while self.size_bytes > self._max_bytes or len(self._known) > self._max_entries:
            self.drop(next(iter(self._known)))

    def used(self, known: Known) -> None:
        """It answered once more, so it stays longer. Nothing when it went meanwhile."""
        if self._known.get(known.answer) is known:
            self._known.move_to_end(known.answer)

    def drop(self, answer: bytes) -> None:
        """The answer has gone. Nothing where no question led to it."""
        known = self._known.pop(answer, None)
        if known is None:
            return
        self.size_bytes -= known.size_bytes
        others = self._alike[known.alike]
        others.remove(answer)
        if not others:
            del self._alike[known.alike]


def _bucket(scope: bytes, reading: Reading) -> bytes:
    return blake2b(scope + repr(signature(reading)).encode(), digest_size=16).digest()
