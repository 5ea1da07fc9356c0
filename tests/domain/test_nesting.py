"""Groups within groups, and which are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.nesting import DEEPEST, nesting_of, require_nesting, with_holders
from stoa.domain.teams import Group
from stoa.errors import InvalidRequest


def groups(**inner: str) -> list[Group]:
    return [Group(name=name, groups=tuple(held.split()), created_at_ms=0) for name, held in inner.items()]


def test_whoever_is_in_a_group_is_in_all_that_hold_it() -> None:
    nesting = nesting_of(groups(everybody="staff guests", staff="hr it", board="hr", hr="", it=""))
    assert with_holders(["hr"], nesting) == {"hr", "staff", "board", "everybody"}
    assert with_holders(["guests", "unknown"], nesting) == {"guests", "everybody", "unknown"}
    assert with_holders(["everybody"], nesting) == {"everybody"}
    assert with_holders([], nesting) == frozenset()


@pytest.mark.parametrize(
    ("name", "inner", "told"),
    [
        ("hr", ["hr"], "'hr' cannot hold itself."),
        ("hr", ["staff"], "'hr' cannot hold 'staff': 'staff' holds 'hr'."),
        ("hr", ["it", "all"], "'hr' cannot hold 'all': 'all' holds 'staff', which holds 'hr'."),
    ],
)
def test_a_group_that_would_hold_itself_is_refused_and_the_way_is_named(name: str, inner: list[str], told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        require_nesting(name, inner, groups(all="staff", staff="hr", hr="", it=""))
    assert (refused.value.message, refused.value.param) == (told, "groups")


def test_what_a_group_held_before_is_no_matter_to_what_it_holds_now() -> None:
    require_nesting("staff", ["it"], groups(staff="hr", hr="", it=""))
    require_nesting("staff", [], groups(staff="hr", hr="", it=""))


def test_so_many_groups_stand_above_each_other_and_no_more() -> None:
    chain = [Group(name=f"g{n}", groups=(f"g{n - 1}",) if n else (), created_at_ms=0) for n in range(DEEPEST - 1)]
    require_nesting("top", [chain[-1].name], chain)
    require_nesting("g0", ["bottom"], [*chain, Group(name="bottom", created_at_ms=0)])
    full = [*chain, Group(name="top", groups=(chain[-1].name,), created_at_ms=0)]
    with pytest.raises(InvalidRequest, match=f"{DEEPEST + 1} groups would stand above each other"):
        require_nesting("g0", ["bottom"], [*full, Group(name="bottom", created_at_ms=0)])


NAMES = "abcdef"


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.frozensets(st.sampled_from(NAMES), max_size=4)), max_size=12))
def test_what_is_not_refused_never_has_a_cycle_and_what_is_would_have_had_one(
    changes: list[tuple[str, frozenset[str]]],
) -> None:
    held = {name: Group(name=name, created_at_ms=0) for name in NAMES}
    for name, inner in changes:
        changed = held | {name: Group(name=name, groups=tuple(sorted(inner)), created_at_ms=0)}
        try:
            require_nesting(name, sorted(inner), held.values())
        except InvalidRequest:
            assert _reaches_itself(changed)
        else:
            assert not _reaches_itself(changed)
            held = changed


def _reaches_itself(held: dict[str, Group]) -> bool:
    """By going down as many steps as there are groups: who can still go on is in a circle."""
    left = set(held)
    for _ in held:
        left = {inner for name in left for inner in held[name].groups}
    return bool(left)
