"""stoa-reader: answers a question with the sentences of numbered passages that answer it, word for word, with citations.

It writes nothing of its own but the refusal. What a passage says is only ever quoted, so instructions hidden in one do nothing.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from stoa.adapters.engines.bridges import belong_together
from stoa.adapters.engines.doubts import excluded, unmet
from stoa.adapters.engines.evidence import Evidence, NumberedPassage, Ranking, Weigher
from stoa.adapters.engines.names import unnamed
from stoa.adapters.engines.pointing import points_back
from stoa.adapters.engines.sentences import units
from stoa.adapters.engines.structures import Listing, Table
from stoa.adapters.engines.whole import MOST_ROWS, alike, asks_for_all, whole
from stoa.adapters.engines.writing import Quote

ANSWERS = 0.5
"""Least probability of the best sentence. With the doubts it keeps .9 of BeerQA's SQuAD part, as `tools/reader` fits it."""

TOGETHER = 0.6
"""Least alignment of two sentences of passages that belong together, for each token the better: each answers a half. On BeerQA
no two without the sources come to more than .59, as `tools/reader` finds it; half of those with them to .68 and more."""

UNKNOWN = 0.5
"""When this share of a question's names stands in none of the passages, they are about something else."""

SUPPORTS = 0.4
"""Least alignment of a further sentence."""

ADDS = 0.05
"""Least alignment that a further sentence must add to those chosen: it speaks of what they leave open. Both numbers were chosen
on BeerQA, where two passages of .42 of the two-hop questions are cited with them, and .98 of all that are cited are right."""

CLOSE = 0.04
"""A second sentence that scores so little below the best may be the answer as well."""

MOST_SENTENCES = 3


class Reader:
    """Reads passages for a question. Deterministic and thread-safe."""

    def __init__(self, weigher: Weigher) -> None:
        self._weigher = weigher

    def read(self, question: str, passages: Sequence[NumberedPassage]) -> list[Quote]:
        """The sentences that answer, in the order of what is asked; empty when nothing answers."""
        rankings = self._weigher.weigh(question, passages)
        taken: list[Evidence] = []
        quotes: list[Quote] = []
        for ranking in rankings:
            rows = whole(ranking.asked, passages)
            if rows and not _of_something_else(ranking.asked, rows, passages):
                quotes += rows
                continue
            found = chosen(ranking, alone=len(rankings) == 1)
            if not answered(ranking, found) or doubtful(ranking.asked, found, passages):
                continue
            if several := _several(ranking.asked, found, passages):
                quotes += several
                continue
            for one in _in_reading_order(found):
                if len(taken) < MOST_SENTENCES and not _repeats(one, taken):
                    said = " ".join(quote.text for quote in quotes)
                    quotes.append(Quote(_understandable(one, said), one.passage.number, one.unit.of))
                    taken.append(one)
        return quotes


def chosen(ranking: Ranking, *, alone: bool = True) -> list[Evidence]:
    """The best piece, with one that may be as good; for a question that asks one thing, with what says more."""
    evidence = ranking.evidence
    taken = [evidence[0]]
    close = [one for one in evidence[1:] if evidence[0].score - one.score < CLOSE]
    listed = next((one for one in close if _lists(one, evidence[0]) and any(_lists(one, other) for other in close)), None)
    if listed:  # several items answer, so their list does
        taken = [listed]
    elif close and not _repeats(close[0], taken):
        taken.append(close[0])
    while alone and len(taken) < MOST_SENTENCES:
        covered = np.max([one.aligned for one in taken], axis=0)
        further = [one for one in evidence if one.signals.alignment >= SUPPORTS and not _repeats(one, taken)]
        gains = [float((np.maximum(one.aligned, covered) - covered) @ ranking.importance) for one in further]
        if not gains or max(gains) < ADDS:
            break
        taken.append(further[int(np.argmax(gains))])
    return taken


def answered(ranking: Ranking, taken: Sequence[Evidence]) -> bool:
    """Whether the best piece matches well enough, or two do that belong together: a question may need both."""
    return ranking.evidence[0].probability >= ANSWERS or covered_together(ranking, taken) >= TOGETHER


def covered_together(ranking: Ranking, taken: Sequence[Evidence]) -> float:
    """The best alignment that two of them have together, of passages that belong together; 0 when none do."""
    return max(
        (
            float(np.maximum(one.aligned, other.aligned) @ ranking.importance)
            for one, other in combinations(taken, 2)
            if belong_together(ranking.asked, _titled(one), _titled(other))
        ),
        default=0.0,
    )


def doubtful(asked: str, taken: Sequence[Evidence], passages: Sequence[NumberedPassage]) -> bool:
    """Whether what was taken matches and still cannot answer: it lacks what is asked for, or is about something else."""
    quoted = " ".join(_whole(one.passage) for one in taken)
    return (
        all(unmet(asked, f"{one.unit.before} {one.unit.text}") for one in taken)
        or excluded(
            asked, " ".join(f"{one.passage.title} {one.unit.context} {one.unit.before} {one.unit.text}" for one in taken)
        )
        or unnamed(asked, quoted) == 1
        or unnamed(asked, " ".join(map(_whole, passages))) >= UNKNOWN
    )


def _titled(one: Evidence) -> tuple[str, str]:
    return one.passage.title, f"{one.unit.before} {one.unit.text}"


def _of_something_else(asked: str, rows: Sequence[Quote], passages: Sequence[NumberedPassage]) -> bool:
    said = " ".join(row.text for row in rows)
    return excluded(asked, said) or unnamed(asked, " ".join(map(_whole, passages))) >= UNKNOWN


def _in_reading_order(taken: Sequence[Evidence]) -> list[Evidence]:
    """What is from one passage as it follows there, at the place of its best piece."""
    numbers = list(dict.fromkeys(one.passage.number for one in taken))
    if len(numbers) == len(taken):
        return list(taken)
    places = {one.passage.number: {unit: at for at, unit in enumerate(units(one.passage.text))} for one in taken}
    return sorted(taken, key=lambda one: (numbers.index(one.passage.number), places[one.passage.number][one.unit]))


def _several(asked: str, taken: Sequence[Evidence], passages: Sequence[NumberedPassage]) -> list[Quote]:
    """Where the best piece and another one are of one table, all its rows that say as much of what is asked for,
    in whatever passages they lie.

    Where they are of one list, and all is asked for, the list. Else nothing.
    """
    first, *others = taken
    match first.unit.of:
        case Table():
            rows = alike(asked, first.unit.text, passages)
            said = {row.text for row in rows}
            return rows if len(rows) <= MOST_ROWS and any(one.unit.text in said for one in others) else []
        case Listing(items=items) as structure if asks_for_all(asked) and len(items) <= MOST_ROWS:
            together = any(one.unit.of is structure for one in others)
            return [Quote("; ".join(items), first.passage.number, structure)] if together else []
        case _:
            return []


def _whole(passage: NumberedPassage) -> str:
    return f"{passage.title}: {passage.text}"


def _understandable(one: Evidence, said: str) -> str:
    """Its text; when it points back with what it points to, unless that is said already, or else with what it is about."""
    unit = one.unit
    if unit.before:
        return unit.text if said.endswith(unit.before) else f"{unit.before} {unit.text}"
    about = unit.context or one.passage.title.rpartition(" > ")[2]
    return f"{about}: {unit.text}" if about and unit.kind == "sentence" and points_back(unit.text) else unit.text


def _lists(whole: Evidence, one: Evidence) -> bool:
    """Whether the first is a list and the second an item of it."""
    lead_in, _, item = one.unit.text.partition(": ")
    kinds = (whole.unit.kind, one.unit.kind) == ("list", "item") and whole.passage.number == one.passage.number
    return kinds and whole.unit.text.startswith(lead_in) and item.rstrip(".;,") in whole.unit.text


def _repeats(one: Evidence, taken: Sequence[Evidence]) -> bool:
    """Whether it says what an answer says already: itself, a list around an item, the same sentence of another passage."""
    return any(
        one.unit.text in f"{other.unit.before} {other.unit.text}"
        or other.unit.text in one.unit.text
        or _lists(one, other)
        or _lists(other, one)
        for other in taken
    )
