"""Passages as texts to be judged: titles, headings and texts, for all of them stand in the prompt. A wording is judged once."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from stoa.domain.passages import Passage
from stoa.gateway.guarding.judging import Judge, Refused, judge_places, merged
from stoa.gateway.guarding.rules import Marked
from stoa.gateway.guarding.texts import Cell, Place


async def as_shown(judge: Judge, passages: Sequence[Passage]) -> Sequence[Passage]:
    """As they are shown to whoever asked, `judge` being of the output: one is not refused for what it holds, but shown without.

    Raises Unavailable.
    """
    by_wording = _places(passages)
    places = list(by_wording.values())
    late: Sequence[Sequence[Marked]] = await judge.found_late(places) if judge.waits else ((),) * len(places)
    for place, each in zip(places, late, strict=True):
        place.write(merged(_masking([*judge.found(place, acting=True), *each])), judge.put)
    return _written(passages, by_wording)


async def as_sent(judge: Judge, passages: Sequence[Passage], *, at_once: int) -> Sequence[Passage]:
    """As they go to a model, `judge` being of the input. More than `at_once` characters are judged in a thread.

    Raises Refused, which says in `place` the number of the first passage that it was for, and Unavailable.
    """
    by_wording = _places(passages)
    places = list(by_wording.values())
    waited = await judge.found_late(places) if judge.waits else None
    try:
        if sum([len(place.text) for place in places]) > at_once:
            changes = await asyncio.to_thread(judge_places, judge, places, waited)
        else:
            changes = judge_places(judge, places, waited)
    except Refused as refused:
        if refused.place is not None:
            found = places[refused.place].text
            refused.place = next(number for number, each in enumerate(passages) if found in _wordings(each))
        raise
    for place, each in zip(places, changes, strict=True):
        place.write(each, judge.put)
    return _written(passages, by_wording)


def _wordings(passage: Passage) -> tuple[str, ...]:
    return (passage.title, *passage.heading, passage.text)


def _places(passages: Sequence[Passage]) -> Mapping[str, Place]:
    wordings = dict.fromkeys([text for each in passages for text in _wordings(each) if text])
    return {text: Place("documents", [Cell([text], 0, text)]) for text in wordings}


def _written(passages: Sequence[Passage], by_wording: Mapping[str, Place]) -> Sequence[Passage]:
    now: dict[str, str] = {"": ""} | {text: place.cells[0].holder[0] for text, place in by_wording.items()}
    return [
        each
        if all(now[text] == text for text in _wordings(each))
        else msgspec.structs.replace(
            each, title=now[each.title], heading=tuple([now[text] for text in each.heading]), text=now[each.text]
        )
        for each in passages
    ]


def _masking(found: Sequence[Marked]) -> list[Marked]:
    return [msgspec.structs.replace(one, action="mask") for one in found if one.action != "warn"]
