import pytest

from stoa.adapters.engines.pointing import points_back


@pytest.mark.parametrize(
    "sentence",
    [
        "It opens at nine.",
        "They are approved by the manager.",
        "His deputy is Mira Reed.",
        "In 1990, she founded the magazine.",
        "In January 1990 he moved to Oldhaven.",
        "However, it is closed on Sundays.",
        "This is done every week.",
        "These amounts are paid monthly.",
        "The latter is kept cold.",
        "Otherwise the claim lapses.",
        '"It is closed," the note says.',
    ],
)
def test_a_sentence_that_needs_another_is_seen(sentence: str) -> None:
    assert points_back(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The canteen opens at nine.",
        "It is not allowed to park here.",
        "It takes ten minutes to walk there.",
        "This policy applies to everybody.",
        "When a pallet arrives, it is weighed.",
        "There are four gates.",
        "Helen Holt certifies batches.",
        "Items are counted.",
        "In the laboratory goggles are worn.",
    ],
)
def test_a_sentence_that_stands_alone_is_left_alone(sentence: str) -> None:
    assert not points_back(sentence)
