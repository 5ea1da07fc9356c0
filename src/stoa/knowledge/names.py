"""The names in a text, by rules: what is written with capitals or numbers, folded so that two ways of writing one name meet.

`New York State Route 67` gives itself and the names within it, `New York`, `Route 67`. No list of names and no model is used;
a name that is in lower case everywhere is not seen.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from stoa.knowledge.english import STOP

MOST = 96
"""Names kept of one text, the first ones: a table of people is not about each of them."""

_LONGEST = 6
"""Words of a name within a longer run of capitals."""

_SHORTEST = 3
"""Characters of a name that is one word."""

_OPENING = 120
"""Characters in which a text says what it is about."""

_TOKEN = re.compile(r"[^\W_]+(?:['’.,/&–-][^\W_]+)*|&|[.!?;:,()\[\]\n\"“”|]")
_WORD = re.compile(r"[^\W_]+(?:['’./&–-][^\W_]+)*|&")
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_WITHIN = frozenset(
    "of the de la le du van von der den di da del and & for in on at to a an y e al el bin ibn no".split()  # noqa: SIM905
)
"""Small words that may stand inside a name and not at its ends."""

_NO_NAME = STOP | _WITHIN | frozenset(
    """
    each every first second third last most several few however although though since despite according born mr mrs ms dr sir
    here during including january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday
    """.split()  # noqa: SIM905
)  # fmt: skip
"""Words that begin with a capital often and name nothing by themselves."""


def names_in(text: str) -> frozenset[str]:
    """The names that a text mentions, folded."""
    found: dict[str, None] = {}
    for run in _runs(text):
        found.update(dict.fromkeys(_within(run)))
        if len(found) > MOST:
            break
    return frozenset(list(found)[:MOST])


class Spelled(NamedTuple):
    """A name, folded, and `text[start:end]` where it stands."""

    name: str
    text: str
    start: int
    end: int


def spelled(text: str) -> Iterator[Spelled]:
    """The names that a text mentions, each whole: a name within another is left out."""
    for words, places in _placed(text):
        first = next((n for n, word in enumerate(words) if word not in _WITHIN), len(words))
        if name := _known(words[first:]):
            start, end = places[first][0], places[-1][1]
            yield Spelled(name, text[start:end], start, end)


def named(text: str) -> str:
    """The folded name of a text that is nothing but a name; empty when there is more to it, or less."""
    found = next(spelled(text), None)
    return found.name if found is not None and found.text == text else ""


def opening_of(text: str) -> frozenset[str]:
    """The name that a text begins with, as `Hoosick is a town` does: what it is about, most often."""
    for run in _runs(_BRACKETS.sub("", text[: 2 * _OPENING])[:_OPENING]):
        return frozenset(filter(None, [_name(run)]))
    return frozenset()


def names_of(title: str) -> frozenset[str]:
    """What something with this title is called: `Allure (magazine)` also `Allure`, `Hoosick, New York` also `Hoosick`."""
    bare = _BRACKETS.sub("", title)
    ways = (title, bare, bare.split(", ", 1)[0], bare.split(": ", 1)[0], bare.split(" – ", 1)[0])
    return frozenset(filter(None, (_name([fold(word) for word in _WORD.findall(way)]) for way in ways)))


def fold(word: str) -> str:
    """One word without case, accents and possessive."""
    word = word.casefold().replace("’", "'")
    if not word.isascii():
        word = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return word.removesuffix("'s").rstrip("'.,")


def _runs(text: str) -> Iterator[list[str]]:
    """Words with capitals or digits that stand beside each other or are joined by small words, folded."""
    return (words for words, _ in _placed(text))


def _placed(text: str) -> Iterator[tuple[list[str], list[tuple[int, int]]]]:
    """The same, and where each word stands."""
    run: list[str] = []
    places: list[tuple[int, int]] = []
    between: list[tuple[str, tuple[int, int]]] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if _stands_out(token):
            run += [*(word for word, _ in between), fold(token)]
            places += [*(place for _, place in between), match.span()]
            between = []
        elif run and token.lower() in _WITHIN and len(between) < 2:
            between.append((token.lower(), match.span()))
        elif run:
            yield run, places
            run, places, between = [], [], []
    if run:
        yield run, places


def _stands_out(token: str) -> bool:
    return token[0].isdigit() or any(map(str.isupper, token))


def _within(run: list[str]) -> Iterator[str]:
    """The names in a run of words, the longest first."""
    for start, first in enumerate(run):
        if first in _NO_NAME:
            continue
        for end in range(min(len(run), start + _LONGEST), start, -1):
            if run[end - 1] not in _NO_NAME and (name := _joined(run[start:end])):
                yield name


def _name(words: list[str]) -> str:
    """These words as one name, without small words at its beginning."""
    start = next((place for place, word in enumerate(words) if word not in _WITHIN), len(words))
    return _joined(words[start:])


def _known(words: list[str]) -> str:
    """These words as one name, unless they are words that begin sentences, months or days, or a number with a unit."""
    if not words or words[0] in _NO_NAME or words[-1] in _NO_NAME or words[0][0].isdigit():
        return ""
    return _joined(words)


def _joined(words: list[str]) -> str:
    """Empty for what cannot be told from other things: numbers alone, and words that are very short."""
    name = " ".join(words)
    return name if any(map(str.isalpha, name)) and (len(words) > 1 or len(name) >= _SHORTEST) else ""
