"""What a request's `cache-control` asks of the cache. RFC 9111, section 5.2.1."""

from typing import NamedTuple


class Directives(NamedTuple):
    """`look` and `store`: whether an answer may come from the cache, and go into it. `only`: from nowhere else."""

    look: bool = True
    store: bool = True
    only: bool = False
    max_age_s: float | None = None
    min_fresh_s: float = 0.0

    def allows(self, age_s: float, left_s: float) -> bool:
        """An answer as old as that, which is kept for so much longer."""
        return (self.max_age_s is None or age_s <= self.max_age_s) and left_s >= self.min_fresh_s


NONE = Directives()


def directives_of(header: bytes) -> Directives:
    """Unknown ones have no effect; a time that is no number allows no stored answer. Of two of a name the stricter counts.

    `max-stale` has no effect either: what is stale is not there any more.
    """
    look, store, only, max_age, min_fresh = True, True, False, None, 0.0
    for part in header.lower().split(b","):
        name, _, value = part.partition(b"=")
        match name.strip():
            case b"no-cache":
                look = False
            case b"no-store":
                look = store = False
            case b"only-if-cached":
                only = True
            case b"max-age":
                seconds = _seconds(value, 0.0)
                max_age = seconds if max_age is None else min(max_age, seconds)
            case b"min-fresh":
                min_fresh = max(min_fresh, _seconds(value, float("inf")))
            case _:
                pass
    return Directives(look and max_age != 0, store, only, max_age, min_fresh)


def _seconds(value: bytes, otherwise: float) -> float:
    digits = value.strip().strip(b'"')
    return float(digits) if digits.isdigit() else otherwise
