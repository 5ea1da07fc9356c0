"""Stage 5, route: in which order the targets of an offering are tried."""

from collections.abc import Iterator

from stoa.gateway.plan import Offering, Target


def order(offering: Offering, draw: float) -> Iterator[Target]:
    """One drawn by weight, the remaining, then the fallback; none twice. `draw` is in [0, 1)."""
    targets = offering.targets
    if len(targets) == 1:
        first = targets[0]
    else:
        first = _drawn(offering, draw)
    tried = [first] if first is not None else []
    yield from tried
    for target in (*targets, *offering.fallback):
        if target not in tried:
            tried.append(target)
            yield target


def _drawn(offering: Offering, draw: float) -> Target | None:
    mark = draw * sum(offering.weights)
    for target, weight in zip(offering.targets, offering.weights, strict=True):
        mark -= weight
        if mark < 0:
            return target
    return None
