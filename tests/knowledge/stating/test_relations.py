"""What rules find in a text, and what they leave alone."""

import pytest

from stoa.knowledge.stating.relations import DEFINITION, KIND, Named, letter_in, relations_in

TOPIC = Named("travel policy", "Travel Policy")
OWNER = ("Travel Policy", "owner", "Gideon Marsh")


def found(text: str, topic: Named | None = TOPIC) -> list[tuple[str, str, str]]:
    """Subject, property and object as they are spelled."""
    return [
        (each.subject.spelled, each.property, each.object if isinstance(each.object, str) else each.object.spelled)
        for each in relations_in(text, topic=topic)
    ]


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("Insuvara is a medicine for diabetes.", [("Insuvara", KIND, "medicine")]),
        ("Hoosick (a town) is a town in New York.", [("Hoosick", KIND, "town")]),
        ("Port Ansel was one of the oldest harbours.", [("Port Ansel", KIND, "oldest harbours")]),
        ("Ruth Calder is the head of Analytics.", [("Analytics", "head", "Ruth Calder")]),
        ("Gideon Marsh, Head of Medical Information", [("Medical Information", "head", "Gideon Marsh")]),
        ("The chief executive of Acme Works is Ada Byron.", [("Acme Works", "chief executive", "Ada Byron")]),
        ("Owner: Gideon Marsh", [("Travel Policy", "owner", "Gideon Marsh")]),
        ("Owner: Gideon Marsh, Head of Safety", [("Safety", "head", "Gideon Marsh"), OWNER]),
        (
            "**Present:** Hana Sorrell, Emeka Falk",
            [("Travel Policy", "present", name) for name in ("Hana Sorrell", "Emeka Falk")],
        ),
        ("- Version: 4.2", [("Travel Policy", "version", "4.2")]),
        ("**Batch.** The quantity made in\none process.", [("Batch", DEFINITION, "The quantity made in one process.")]),
        ("| Name | Use |\n|---|---|\n| Harbour | VPN access |\n", [("Harbour", "use", "VPN access")]),
        ("device: HPLC 1; room: B-201; rate: 42", [("HPLC 1", "room", "B-201"), ("HPLC 1", "rate", "42")]),
    ],
)  # fmt: skip
def test_each_form_of_words_gives_its_relation(text: str, relations: list[tuple[str, str, str]]) -> None:
    assert found(text) == relations


@pytest.mark.parametrize(
    "text",
    [
        "It is a long day.",
        "We know that Insuvara is a medicine.",  # what somebody knows, not what is
        "http://example.com: see there",
        "Note that this matters: it is a sentence that goes on and on, with a colon somewhere in the middle of it, " * 2,
        "| a | b |\n| c | d |",  # no head
        "| 7 | b |\n|---|---|\n| 8 | 9 |",  # no name
        "",
    ],
)
def test_what_has_none_of_these_forms_gives_nothing(text: str) -> None:
    assert found(text) == []


def test_keys_need_something_to_be_about() -> None:
    assert found("Owner: Gideon Marsh", None) == []


def test_the_head_of_a_mail_names_people_and_addresses() -> None:
    letter = letter_in(
        'From: "Ada Byron" <Ada@Example.com>\nTo: ben@example.com, Cyn Roe <cyn@example.com>\nSubject: Plan\n\nFrom: nobody'
    )
    assert letter is not None
    assert letter.senders == (Named("ada byron", "Ada Byron"),)
    assert [each.spelled for each in letter.recipients] == ["ben@example.com", "Cyn Roe"]
    assert [address for _, address in letter.addresses] == ["ada@example.com", "ben@example.com", "cyn@example.com"]
    assert letter_in("From: here to there\n\nIt is far.") is None


def test_hostile_texts_cost_no_more_than_their_length() -> None:
    for text in ("a" * 20_000, "A " * 10_000, "A is a " * 4_000, "|" * 20_000, ": " * 10_000, "**" * 10_000, "x: y; " * 3_000):
        assert len(relations_in(text, topic=TOPIC)) <= 96
