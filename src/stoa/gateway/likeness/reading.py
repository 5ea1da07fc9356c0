"""What a question says, in a form in which two of them can be compared."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from stoa.gateway.likeness import vocabulary as v
from stoa.gateway.likeness.inflection import stem
from stoa.gateway.likeness.kinds import Asked, Kind, asked
from stoa.gateway.likeness.words import folded, possessives, words, written

MOST_WORDS = 64
"""The embedder reads 256 tokens, and whoever writes more tells a case of his own rather than asks what others ask."""

LARGEST_TEXT = 512
"""Characters; what is longer is not even cut into words."""

_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n+")
_ENGLISH = 0.2


class Reading(NamedTuple):
    """A question, ready to be compared. Words are stems, in the order of the text unless told otherwise.

    `said` carries the meaning, sentence by sentence, and `contents` is the same with each sentence sorted. `bound` are words
    that belong to the one after them; `goals` follow a `to`. `marks` are time, modality and persons. `spoken` is everything but
    what says nothing, to see what stands between two words; `owners` counts the genitives. `putting` are the small words, by
    which a short question is told from another; `extent` tells whether it speaks of all, of some, of both or of neither.
    """

    plain: tuple[str, ...]
    english: bool
    points: bool
    kinds: tuple[Kind, ...]
    said: tuple[str, ...]
    contents: tuple[tuple[str, ...], ...]
    marks: frozenset[str]
    bound: tuple[tuple[str, str], ...]
    goals: frozenset[str]
    names: frozenset[str]
    spoken: tuple[str, ...]
    owners: int
    putting: tuple[str, ...]
    extent: frozenset[str]

    @property
    def legible(self) -> bool:
        """Whether it is short enough, says anything, and holds what it asks about."""
        return bool(self.said) and len(self.plain) <= MOST_WORDS and not self.points


def read(text: str) -> Reading | None:
    """None for a text that is too long to be a question of many."""
    if len(text) > LARGEST_TEXT:
        return None
    sentences = [sentence for part in _SENTENCE.split(text) if (sentence := part.strip())]
    cut = [found for sentence in sentences if (found := words(sentence))]
    plain = tuple(chain.from_iterable(cut))
    asks = [asked(sentence) for sentence in cut]
    said = [tuple(stem(word) for word in _carrying(ask)) for ask in asks]
    return Reading(
        plain=plain,
        english=_is_english(plain, text),
        points=not v.POINTING.isdisjoint(plain),
        kinds=tuple(ask.kind for ask in asks),
        said=tuple(chain.from_iterable(said)),
        contents=tuple(tuple(sorted(sentence)) for sentence in said),
        marks=frozenset(chain.from_iterable(map(_marks, asks))),
        bound=tuple(sorted(chain.from_iterable(_followed(ask, v.BINDING) for ask in asks))),
        goals=frozenset(word for ask in asks for _, word in _followed(ask, _TO)),
        names=frozenset(chain.from_iterable(map(_names, sentences))),
        spoken=tuple(stem(word) for ask in asks for word in ask.rest if word not in _SILENT),
        owners=sum(map(possessives, sentences)) + plain.count("of"),
        putting=tuple(sorted(_SAME_PUTTING.get(word, word) for word in plain if word in _PUTTING)),
        extent=frozenset(extent for extent, of_it in _EXTENTS if not of_it.isdisjoint(plain)),
    )


_TO = frozenset({"to"})
_SILENT = (v.EMPTY - v.ALIKE) | v.ARTICLES
_UNSAID = v.AUXILIARY | v.PERSONS | v.ARTICLES | v.LOOSE | v.EMPTY
_PUTTING = v.AUXILIARY | v.PERSONS | v.LOOSE | v.ASKING
_EXTENTS = (("all", v.WHOLE), ("some", v.PART))
_SAME_PUTTING = {"are": "is", "were": "was", "does": "do", "has": "have", "which": "what"}
_MARKS = (
    ("past", v.PAST), ("future", v.FUTURE), ("supposed", v.SUPPOSED), ("able", v.ABLE), ("perhaps", v.PERHAPS),
    ("ought", v.OUGHT), ("must", v.MUST),
)  # fmt: skip
_PERSONS = (
    ("asker", v.ASKER), ("asker as object", v.ASKER_AS_OBJECT), ("asker's own", v.ASKERS_OWN), ("asked", v.ASKED),
    ("asked's own", v.ASKEDS_OWN), ("anybody", v.ANYBODY),
)  # fmt: skip
_ASPECTS = (("be", v.BE), ("do", v.DO), ("have", v.HAVE))
PERSONAL = frozenset(mark for mark, _ in _PERSONS)


def _carrying(ask: Asked) -> Iterator[str]:
    last = len(ask.rest) - 1
    for at, word in enumerate(ask.rest):
        said = word not in _UNSAID and (word not in v.QUANTITY or ask.kind == "whether")
        if said or (word in v.DEEDS and (at == last or ask.rest[at - 1] == "to")):
            yield word


def _followed(ask: Asked, before: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Each of the words before with the next word that says something."""
    held: str | None = None
    for word in ask.rest:
        if word in before:
            held = word
        elif held is not None and word not in _UNSAID and word not in v.QUANTITY:
            yield held, stem(word)
            held = None


def _marks(ask: Asked) -> Iterator[str]:
    """Time, modality, persons. Who asks for a method means himself, so that `my` and `your` tell nothing there.

    A yes or no also hangs on `is it doing`, `does it do` and `has it done`.
    """
    present = set(ask.rest)
    if ask.kind == "method":
        present -= v.ASKERS_OWN | v.ASKEDS_OWN
    for mark, words_of_it in (*_MARKS, *_PERSONS, *(_ASPECTS if ask.kind == "whether" else ())):
        if not present.isdisjoint(words_of_it):
            yield mark


def _names(sentence: str) -> Iterator[str]:
    """Words with a capital, but for the first and where most words have one; and what holds digits."""
    found = written(sentence)
    capitals = [word for word in found[1:] if word[0].isupper() and word != "I"]
    if 2 * len(capitals) > len(found):
        capitals = []
    for word in (*capitals, *(word for word in found if any(letter.isdigit() for letter in word))):
        yield stem(folded(word))


def _is_english(plain: Sequence[str], text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(not letter.isascii() for letter in letters)
    known = sum(word in v.FUNCTION for word in plain)
    telling = not v.TELLING.isdisjoint(plain) or bool(plain and plain[0] in v.OPENING)
    return telling and known >= _ENGLISH * len(plain) and 10 * foreign <= len(letters)
