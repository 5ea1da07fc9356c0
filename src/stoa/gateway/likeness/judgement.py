"""Whether the answer to one question may be given for another: everything that carries meaning must agree.

Nearness of vectors comes first and decides nothing by itself: all-MiniLM-L6-v2 puts `dollars to rupees` at .99 of `rupees to
dollars`. What may differ is what says nothing: articles, number, word order that moves no role, how the question is put.
"""

from collections import Counter
from itertools import combinations
from typing import Literal, NamedTuple

from stoa.gateway.likeness import vocabulary as v
from stoa.gateway.likeness.inflection import stem
from stoa.gateway.likeness.kinds import Kind
from stoa.gateway.likeness.reading import PERSONAL, Reading

NEAR = 0.9
"""Least cosine of two English questions."""

NEAR_ELSEWHERE = 0.98
"""Least cosine of two that are not known to be English; their words must be the same, in the same order."""

NEAR_WHEN_SHORT = 0.98
"""Least cosine of two with at most FEW words that carry meaning and other small words: get in Harvard, get into Harvard."""

FEW = 2

Reason = Literal[
    "same", "distance", "illegible", "language", "kind", "numbers", "names", "negation", "words", "relation", "order", "person",
    "time or modality",
]  # fmt: skip


class Verdict(NamedTuple):
    """`because` is what differs first, or `same`."""

    same: bool
    because: Reason


def judge(asked: Reading | None, known: Reading | None, cosine: float, *, near: float = NEAR) -> Verdict:
    """`near` is the least cosine where both are English; elsewhere the higher of it and NEAR_ELSEWHERE counts."""
    if cosine < near:
        return Verdict(False, "distance")
    if asked is None or known is None or not (asked.legible and known.legible):
        return Verdict(False, "illegible")
    if not (asked.english and known.english):
        if asked.plain != known.plain:
            return Verdict(False, "language")
        return Verdict(True, "same") if cosine >= max(near, NEAR_ELSEWHERE) else Verdict(False, "distance")
    if len(asked.said) <= FEW and asked.putting != known.putting and cosine < NEAR_WHEN_SHORT:
        return Verdict(False, "distance")
    because = _difference(asked, known)
    return Verdict(because == "same", because)


def signature(reading: Reading) -> tuple[object, ...]:
    """What two readings must have in common to be judged the same; by it a question is looked up among many."""
    if not reading.english:
        return ("", reading.plain)
    return ("en", reading.contents, reading.kinds, sorted(reading.marks), reading.bound)


def _difference(asked: Reading, known: Reading) -> Reason:
    if asked.contents != known.contents:
        return _other_words(asked, known)
    if asked.kinds != known.kinds:
        return "kind"
    if asked.marks != known.marks:
        return "person" if PERSONAL & (asked.marks ^ known.marks) else "time or modality"
    if asked.extent and known.extent and asked.extent != known.extent:
        return "words"
    if asked.bound != known.bound or not (asked.names | known.names).isdisjoint(asked.goals ^ known.goals):
        return "relation"
    if asked.said != known.said and _moved(asked, known):
        return "order"
    return "same"


def _other_words(asked: Reading, known: Reading) -> Reason:
    """The plainest of the words that only one of them has."""
    mine, theirs = Counter(asked.said), Counter(known.said)
    only = {*(mine - theirs), *(theirs - mine)}
    if any(word[0].isdigit() for word in only):
        return "numbers"
    if not only.isdisjoint(v.NEGATING):
        return "negation"
    if not only.isdisjoint(asked.names | known.names):
        return "names"
    return "kind" if not only.isdisjoint(v.ASKING) else "words"


def _moved(asked: Reading, known: Reading) -> bool:
    """Whether two words changed places in a way that may change who is who.

    Across `and`, `or` and `vs` two may. Else not where a word comes twice or genitives are nested, not two names, not the first
    word of a question that puts the subject first, and not two with the same between them both times: `dollars to rupees`.
    """
    if len(set(asked.said)) < len(asked.said) or max(asked.owners, known.owners) > 1:
        return True
    place = {word: at for at, word in enumerate(known.said)}
    words = [word for word in asked.said if word not in _ATTACHED]
    names = asked.names | known.names
    subjects = (asked.said[0], known.said[0]) if asked.kinds[0] in _SUBJECT_FIRST else None
    for first, second in combinations(words, 2):
        if place[first] < place[second]:
            continue
        one, other = _between(asked, first, second), _between(known, second, first)
        if one == other and _side_by_side(asked, first, one) and _side_by_side(known, second, one):
            continue
        if one == other or {first, second} <= names or (first, second) == subjects:
            return True
    return False


_ATTACHED = v.BINDING | v.ALIKE
_SUBJECT_FIRST: frozenset[Kind] = frozenset({"whether", "manner", "reason", "time", "place"})


def _side_by_side(reading: Reading, first: str, between: tuple[str, ...]) -> bool:
    """Whether `first` begins a pair of equals: cats or dogs, but neither black cats or dogs nor cats or Anna's dogs."""
    if not between or not v.ALIKE.issuperset(between) or reading.owners:
        return False
    words = [stem(word) for word in reading.plain]
    before = words[words.index(first) - 1] if words[0] != first else ""
    return before not in reading.said or before in _BEFORE_EQUALS


_BEFORE_EQUALS = v.BINDING | v.ALIKE | v.words_of("between among better worse compare choose prefer")


def _between(reading: Reading, first: str, second: str) -> tuple[str, ...]:
    return reading.spoken[reading.spoken.index(first) + 1 : reading.spoken.index(second)]
