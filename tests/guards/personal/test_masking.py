import json

from hypothesis import given
from hypothesis import strategies as st

from stoa.guards.finding import Finding
from stoa.guards.personal.masking import Placeholders, Restorer, masked, partly_masked, replaced

TEXT = "Ann wrote to Bob and Ann"
FOUND = [Finding("PERSON", 0, 3), Finding("PERSON", 13, 16), Finding("PERSON", 21, 24)]


def test_a_finding_is_replaced_by_its_kind() -> None:
    assert replaced(TEXT, FOUND, masked) == "[PERSON] wrote to [PERSON] and [PERSON]"


def test_a_partial_mask_shows_the_last_four() -> None:
    assert partly_masked(FOUND[0], "4454794511391234") == "****1234"


def test_a_partial_mask_of_a_short_value_shows_nothing() -> None:
    assert partly_masked(FOUND[0], "1234567") == "****"


def test_the_same_value_has_the_same_placeholder() -> None:
    held = Placeholders()
    assert held.tokenise(TEXT, FOUND) == "<PERSON_1> wrote to <PERSON_2> and <PERSON_1>"
    assert held.tokenise("Bob", [Finding("PERSON", 0, 3)]) == "<PERSON_2>"
    assert held.values == {"<PERSON_1>": "Ann", "<PERSON_2>": "Bob"}


def test_a_placeholder_that_the_author_wrote_is_not_given_out() -> None:
    held = Placeholders()
    text = "Ann, what is <PERSON_1>?"
    assert held.tokenise(text, [Finding("PERSON", 0, 3)]) == "<PERSON_2>, what is <PERSON_1>?"
    assert held.restore("<PERSON_1> <PERSON_2>") == "<PERSON_1> Ann"


def test_restoring_inside_json_keeps_it_json() -> None:
    held = Placeholders()
    address = '1 "Old" Road\nTown'
    held.tokenise(address, [Finding("STREET_ADDRESS", 0, len(address))])
    assert json.loads(held.restore('{"to":"<STREET_ADDRESS_1>"}', in_json=True)) == {"to": address}


def test_a_cut_placeholder_is_held_and_nothing_else() -> None:
    held = Placeholders()
    held.tokenise(TEXT, FOUND)
    restorer = Restorer(held)
    assert restorer.feed("Dear <PER") == "Dear "
    assert restorer.feed("SON_1> and <b>") == "Ann and <b>"
    assert restorer.feed("1 < 2") == "1 < 2"
    assert restorer.feed("<PERSON_1") == ""
    assert restorer.flush() == "<PERSON_1"


def test_the_tenth_placeholder_is_not_taken_for_the_first() -> None:
    held = Placeholders()
    names = [f"N{number}" for number in range(12)]
    text = " ".join(names)
    at = [text.index(name) for name in names]
    held.tokenise(text, [Finding("PERSON", a, a + len(n)) for a, n in zip(at, names, strict=True)])
    assert held.restore("<PERSON_11> <PERSON_1>") == "N10 N0"


@given(
    st.lists(st.sampled_from(["<PERSON_1>", "<PERSON_2>", "<PERSON_3>", "<PERS", "<", ">", "a ", "<<PERSON_1>>"])).map("".join),
    st.lists(st.integers(1, 7), min_size=1),
)
def test_a_stream_is_restored_as_the_whole_text_is(text: str, sizes: list[int]) -> None:
    held = Placeholders()
    held.tokenise(TEXT, FOUND)
    restorer, at, left = Restorer(held), 0, ""
    while at < len(text):
        size = sizes[at % len(sizes)]
        left += restorer.feed(text[at : at + size])
        at += size
    left += restorer.flush()
    assert left == text.replace("<PERSON_1>", "Ann").replace("<PERSON_2>", "Bob")
