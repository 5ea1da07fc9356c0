"""A request told: its tries in order, and why it went where it went."""

from collections.abc import Sequence

import msgspec

from stoa.domain.decisions import Decision, Try, TryKind, Way, decision_of, marks_of
from stoa.domain.usage import UsageFact

_KINDS: dict[TryKind, str] = {
    "first": "it was asked first",
    "retry": "it was asked again",
    "next": "it is the next of the route's targets",
    "fallback": "it is a fallback of the route",
    "hedge": "the first one was slow, so it was asked beside it",
    "larger": "the answer of a smaller one was none",
    "shadow": "it is the route's shadow, whose answer nobody sees",
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One try as it is shown. Times are microseconds since the request began."""

    kind: TryKind
    model: str
    provider: str
    asked_us: int
    content_us: int | None
    ended_us: int
    status: int
    error: str | None
    error_class: str | None
    answered: bool
    """Whether the client got its answer."""


def read_record(record: bytes | None) -> Decision | None:
    """None where there is none, or one of a form that this version does not know."""
    try:
        return decision_of(record) if record is not None else None
    except ValueError:
        return None


def tries_of(fact: UsageFact, decision: Decision) -> Sequence[Told]:
    """All tries in the order in which they were made, the one whose answer was used among them."""
    way, marks = decision.way or Way(), marks_of(decision)
    found = [_told(each) for each in way.tried]
    asked, settled = marks.get("asked"), marks.get("settled", 0)
    if asked is not None and fact.model is not None:
        found.append(
            Told(
                kind=way.kind,
                model=fact.model,
                provider=fact.provider or "",
                asked_us=asked,
                content_us=marks.get("content"),
                ended_us=marks.get("answered", settled),
                status=200,
                error=fact.error,
                error_class=None,
                answered=True,
            )
        )
    return sorted(found, key=lambda each: each.asked_us)


def why_of(fact: UsageFact, decision: Decision) -> str | None:
    """Why this model answered, in a sentence or two; None where nobody was asked."""
    way = decision.way or Way()
    if fact.refused or (fact.model is None and not way.tried):
        return None
    if fact.cache == "hit":
        how = {"exact": "the very same request", "semantic": "a question that means the same", "joined": "the same request"}
        found = how.get(fact.cache_tier or "exact", "the same request")
        like = f", by {way.similarity:.3f}" if way.similarity is not None else ""
        return f"Answered from the cache: {found} was answered before{like}."
    if decision.draw is not None and way.why is None and decision.total:
        first = f"Drawn by weight: {decision.weight} of {decision.total}, with {decision.draw:.3f}."
    else:
        first = way.why or f"It is the only target of {fact.requested}."
    if way.kind in ("first", "shadow") and not way.tried:
        return first if way.kind == "first" else "A copy for the route's shadow, whose answer nobody sees."
    asked = way.tried[0].model if way.tried else fact.model
    return (
        f"First {asked}: {first} {fact.model} answered since {_KINDS[way.kind]}."
        if _answered(decision)
        else f"{first} None answered."
    )


def _answered(decision: Decision) -> bool:
    return "answered" in marks_of(decision)


def _told(each: Try) -> Told:
    return Told(
        kind=each.kind,
        model=each.model,
        provider=each.provider,
        asked_us=round(each.asked_s * 1_000_000),
        content_us=None if each.content_s is None else round(each.content_s * 1_000_000),
        ended_us=round(each.ended_s * 1_000_000),
        status=each.status,
        error=each.error,
        error_class=each.error_class,
        answered=False,
    )
