import pytest

from stoa.gateway.verification.statements import statements


def told(answer: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.text, each.numbers) for each in statements(answer)]


def test_a_citation_belongs_to_the_sentence_before_it_on_either_side_of_the_full_stop() -> None:
    assert told("Trains come first [1]. Buses are next. [2][3] Cars come last [1, 2].") == [
        ("Trains come first .", (1,)),
        ("Buses are next.", (2, 3)),
        ("Cars come last .", (1, 2)),
    ]


def test_offsets_are_those_of_the_answer() -> None:
    answer = "Überall gilt: 30 € [1].\n\n- **Bern**: 45 € [2].\n- Rom: 40 €."
    assert [answer[each.start : each.end] for each in statements(answer)] == [
        "Überall gilt: 30 € [1].",
        "**Bern**: 45 € [2].",
        "Rom: 40 €.",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "# Travel",
        "**Travel policy**",
        "```\nrm -rf /  # [1] deletes everything.\n```",
        "Would you like to know more?",
        "The documents do not answer this.",
        "The documents I may read do not answer this.",
        "The passages don’t mention who pays for parking.",
        "There is no information about parking in the documents.",
        "I could not find who pays for parking.",
        "The price of parking is not mentioned in the passages.",
        "I hope this helps!",
        "Let me know if you have other questions.",
        "Here is what the handbook says:",
        "---",
        "",
        "42.",
    ],
)
def test_what_states_nothing_needs_no_passage(answer: str) -> None:
    assert told(answer) == []


@pytest.mark.parametrize(
    "answer",
    [
        "The policy does not allow dogs.",
        "The handbook forbids it.",
        "Of course the company pays for every night in a hotel of the list that the travel office keeps for its people.",
        "If you need a new laptop, ask the help desk.",
    ],
)
def test_a_sentence_that_forbids_or_advises_states_something(answer: str) -> None:
    assert len(told(answer)) == 1


def test_items_rest_on_what_the_sentence_before_the_list_names() -> None:
    assert told("Allowances are [2]:\n- Bern 45 euros\n- Rom 40 euros [3]\n\nAsk the office.") == [
        ("Allowances are :", (2,)),
        ("Bern 45 euros", (2,)),
        ("Rom 40 euros", (3,)),
        ("Ask the office.", ()),
    ]


def test_rows_of_a_table_are_one_statement_each_and_its_head_is_none() -> None:
    assert told("| City | Euros |\n|---|--:|\n| Bern | 45 [1] |\n| Rom | 40 [2] |") == [
        ("| Bern | 45  |", (1,)),
        ("| Rom | 40  |", (2,)),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Meyer of the U.S. office signs up to 3.5 million on 1 May.",
        "Write to Ms. Okafor, e.g. by mail.",
        "The J. P. Morgan account is closed.",
    ],
)
def test_a_full_stop_within_a_sentence_does_not_end_it(sentence: str) -> None:
    assert [text for text, _ in told(sentence)] == [sentence]


def test_sentences_without_spaces_end_at_their_own_full_stop() -> None:
    assert told("出張費は一日三十ユーロです[1]。電車が優先です[2]。") == [
        ("出張費は一日三十ユーロです。", (1,)),
        ("電車が優先です。", (2,)),
    ]


def test_a_long_answer_without_an_end_takes_linear_time() -> None:
    """Quadratic time would take minutes."""
    assert len(told("passage no document not " * 20_000)) == 1
    assert len(told("e.g. x" * 20_000)) == 1
    assert len(told("**" * 40_000 + "a")) <= 1
    assert told("[1" * 40_000) is not None
