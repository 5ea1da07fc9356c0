"""Rights as numbers: exact for every caller, the same whoever counts, and closed where nobody knows."""

from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.vectors.numbers import Numbers, entries_of, number_of
from stoa.domain.identity import Rights, made_by

TAGS = st.sampled_from(["public", "team:a", "team:b", "group:x", "group:y", "user:ann", "user:ben"])
SETS = st.frozensets(TAGS, max_size=4)
RIGHTS = st.builds(Rights, SETS, SETS)


@given(st.lists(RIGHTS, max_size=12), SETS, SETS)
def test_the_numbers_open_to_a_caller_are_those_of_the_rights_that_are(
    known: list[Rights], held: frozenset[str], made: frozenset[str]
) -> None:
    acl, numbers = held | made_by(made), Numbers()
    numbers.learn([entry for rights in known for entry in entries_of(rights)])
    expected = {number_of(rights) for rights in known if rights.open_to(acl)}
    assert set(numbers.open_to(acl)) == expected
    assert {number_of(rights) for rights in known if numbers.is_open(number_of(rights), acl)} == expected
    assert all(numbers.rights(number_of(rights)) == rights for rights in known)
    assert all(numbers.personal(number_of(rights)) == rights.personal for rights in known)


@given(RIGHTS, RIGHTS)
def test_equal_rights_have_one_number_and_others_another(one: Rights, other: Rights) -> None:
    assert (number_of(one) == number_of(other)) == (one == other)
    assert 0 < number_of(one) < 2**63


def test_what_callers_were_told_is_told_anew_when_rights_come_in() -> None:
    numbers, acl = Numbers(), frozenset({"team:a"})
    assert list(numbers.open_to(acl)) == []
    numbers.know(7, Rights(acl))
    assert list(numbers.open_to(acl)) == [7]


def test_a_number_of_two_rights_opens_what_both_open() -> None:
    numbers = Numbers()
    numbers.know(7, Rights(frozenset({"team:a"})))
    numbers.know(7, Rights(frozenset({"team:b"})))
    assert list(numbers.open_to(frozenset({"team:a"}))) == []
    assert list(numbers.open_to(frozenset({"team:a", "team:b"}))) == [7]
    assert numbers.rights(7) is None


def test_rights_of_many_tags_are_known_when_all_their_pieces_are() -> None:
    rights, numbers = Rights(frozenset(f"user:{n:06}é" for n in range(5_000))), Numbers()
    pieces = list(reversed(entries_of(rights)))
    assert len(pieces) > 2
    assert all(len(piece.text.encode()) < 65_535 for piece in pieces)
    numbers.learn(pieces[1:])
    assert number_of(rights) not in numbers
    numbers.learn(pieces)
    assert numbers.rights(number_of(rights)) == rights


def test_an_unknown_number_opens_nothing() -> None:
    assert not Numbers().is_open(number_of(Rights(frozenset({"public"}))), frozenset({"public"}))
