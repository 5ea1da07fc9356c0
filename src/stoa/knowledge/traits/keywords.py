"""What a document is about, in a few of its own words: what it says often and everywhere, and what people seldom say.

How rare a word is comes from a background that is handed in; without one all words are equally rare. No model is asked.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from stoa.knowledge.english import STOP

MOST = 12

Rarity = Callable[[str], float]
"""How seldom a word is used at all: 0 for the commonest, 1 for one that is not in the background."""

_OTHERS = frozenset(
    """
    every per via new used use using section page chapter
    der die das den dem des ein eine einen einem einer eines und oder aber nicht mit von vom zum zur zu im in am an auf aus bei
    bis durch für gegen nach ohne über um unter vor wie wird werden wurde ist sind war sein seine ihre ihr sich auch als wenn
    dass daß es er sie wir man kann können muss müssen soll sollen hat haben diese dieser dieses jede jeder nur noch sowie
    le la les un une des du de et ou mais ne pas avec par pour sur dans en au aux est sont être été ce cette ces qui que
    dont où il elle ils elles on nous vous leur leurs son sa ses plus tout tous toute toutes si
    el los las una unos unas y o pero no con por para del al se su sus es son fue ser que como más este esta estos estas
    il lo gli i uno della dello dei degli delle e ed ma non con per su nel nella sono essere che come più questo questa
    het een en of maar niet met van voor op aan bij naar om door te is zijn was worden wordt dat die dit deze ook als
    """.split()  # noqa: SIM905 - as prose it can be read
)
_WORD = re.compile(r"[^\W\d_][\w’'-]*[^\W_]|[^\W\d_]{2,}")
_BREAK = re.compile(r"[.,;:!?()\[\]{}|\n\"“”«»*#`]+")
_LONGEST = 3
_SHORTEST = 3
_PARTS = 8
_IN_HEADING = 3.0
_MOST_CHARACTERS = 400_000


def keywords_of(text: str, headings: Iterable[str], *, rarity: Rarity, most: int = MOST) -> tuple[str, ...]:
    """Words and phrases, the most telling first, folded to lower case."""
    text = text[:_MOST_CHARACTERS]
    counts, spread = _counted(text)
    named = {phrase for heading in headings for phrase in _phrases(heading)}
    for phrase in named:
        counts[phrase] = max(counts[phrase], 2)
    scored = {
        phrase: count
        * _weight(phrase.split(), rarity)
        * (1 + 0.6 * phrase.count(" "))
        * (0.4 + 0.6 * spread[phrase] / _PARTS)
        * (_IN_HEADING if phrase in named else 1.0)
        for phrase, count in counts.items()
        if count > 1
    }
    ranked = sorted(scored, key=lambda phrase: (-scored[phrase], phrase))
    return tuple(_distinct(ranked, counts, most))


def _counted(text: str) -> tuple[Counter[str], Counter[str]]:
    """How often each phrase occurs, and in how many parts of the text."""
    counts, spread = Counter[str](), Counter[str]()
    size = max(len(text) // _PARTS, 1)
    for start in range(0, size * _PARTS, size):
        part = Counter(_phrases(text[start : start + size if start + 2 * size <= size * _PARTS else len(text)]))
        counts.update(part)
        spread.update(part.keys())
    return counts, spread


def _phrases(text: str) -> list[str]:
    """Runs of at most three words that carry a subject, and each such word; three only where they make up the run."""
    found: list[str] = []
    for clause in _BREAK.split(text.lower()):
        run: list[str] = []
        for word in [*_WORD.findall(clause), ""]:
            if len(word) >= _SHORTEST and word not in STOP and word not in _OTHERS:
                run.append(word)
                continue
            found += run
            found += [" ".join(pair) for pair in pairwise(run)]
            found += [" ".join(run)] if len(run) == _LONGEST else []
            run = []
    return found


def _weight(words: Sequence[str], rarity: Rarity) -> float:
    """Of the words of a phrase each counts: a rare one beside a common one is half as telling."""
    return sum(rarity(word) ** 2 for word in words) / len(words)


def _distinct(ranked: Sequence[str], counts: Counter[str], most: int) -> list[str]:
    """Without phrases that are parts of better ones, and without those that better ones are parts of."""
    kept: list[str] = []
    for phrase in ranked:
        words = f" {phrase} "
        if any(words in f" {other} " or f" {other} " in words or _inflected(phrase, other) for other in kept):
            continue
        kept.append(phrase)
        if len(kept) == most:
            break
    return kept


def _inflected(one: str, other: str) -> bool:
    return one.rstrip("s") == other.rstrip("s")
