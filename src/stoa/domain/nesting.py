"""Groups within groups: whoever is in a group is also in every group that holds it, however far up.

No group holds itself, and at most DEEPEST stand above each other: `require_nesting` sees to it before a group is kept.
"""

from collections.abc import Iterable, Mapping, Sequence

from stoa.domain.teams import Group
from stoa.errors import InvalidRequest

DEEPEST = 16
"""How many groups may stand above each other."""

Nesting = Mapping[str, frozenset[str]]
"""By group, those that hold it directly; one that none holds is left out."""


def nesting_of(groups: Iterable[Group]) -> Nesting:
    holders: dict[str, set[str]] = {}
    for group in groups:
        for inner in group.groups:
            holders.setdefault(inner, set()).add(group.name)
    return {name: frozenset(found) for name, found in holders.items()}


def with_holders(names: Iterable[str], nesting: Nesting) -> frozenset[str]:
    """The groups, and all that hold them directly or through others."""
    found = set(names)
    left = list(found) if nesting else []
    while left:
        new = nesting.get(left.pop(), frozenset[str]()) - found
        found |= new
        left.extend(new)
    return frozenset(found)


def require_nesting(name: str, inner: Sequence[str], groups: Iterable[Group]) -> None:
    """That a group may hold these. Raises InvalidRequest, naming the way, where it would hold itself or stand too high."""
    others = [group for group in groups if group.name != name]
    up = nesting_of(others)
    for each in inner:
        way = _way_up(name, each, up)
        if way:
            held = ", which holds ".join(repr(step) for step in reversed(way[:-1]))
            raise InvalidRequest(
                f"{name!r} cannot hold itself." if each == name else f"{name!r} cannot hold {each!r}: {each!r} holds {held}.",
                param="groups",
            )
    down = {group.name: frozenset(group.groups) for group in others} | {name: frozenset(inner)}
    tallest = _height(name, up, {}) + _height(name, down, {}) - 1
    if tallest > DEEPEST:
        raise InvalidRequest(
            f"{tallest} groups would stand above each other, {name!r} among them, and {DEEPEST} may. Put people into the outer "
            "groups directly.",
            param="groups",
        )


def _way_up(name: str, wanted: str, up: Nesting) -> list[str]:
    """From a group over its holders to the one wanted, both included; nothing where it does not hold it."""
    ways, seen = [[name]], {name}
    for way in ways:
        if way[-1] == wanted:
            return way
        for holder in sorted(up.get(way[-1], frozenset[str]()) - seen):
            seen.add(holder)
            ways.append([*way, holder])
    return []


def _height(name: str, steps: Mapping[str, frozenset[str]], known: dict[str, int]) -> int:
    """How many groups are on the longest way from this one on, itself included."""
    if name not in known:
        known[name] = 1 + max((_height(step, steps, known) for step in steps.get(name, ())), default=0)
    return known[name]
