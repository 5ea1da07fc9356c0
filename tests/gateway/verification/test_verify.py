import pytest

from stoa.domain.passages import Passage
from stoa.gateway.verification.verify import MOST_SENTENCES, verify

TRAVEL = (
    "Employees may book a hotel for up to 180 euros a night in Munich. In Berlin the limit is 150 euros. "
    "Trips of more than two weeks need the approval of Anna Okafor, head of the travel office. "
    "Trains come before planes, and receipts are handed in within 30 days."
)
PARKING = "The garage in Hamburg has 1,200 places. It was opened by Bernd Larsen on 12 May 2019 and cost 2.5 million euros."


def passage(text: str, title: str = "Travel policy", heading: tuple[str, ...] = ()) -> Passage:
    return Passage("p", "d", "handbook", title, "t.md", heading, None, 0, len(text), text, 0.5)


def states(answer: str, *texts: str) -> list[str]:
    return [check.state for check in verify(answer, [passage(text) for text in texts or (TRAVEL, PARKING)])]


def missing(answer: str, *texts: str) -> list[str]:
    (check,) = verify(answer, [passage(text) for text in texts or (TRAVEL, PARKING)])
    return list(check.missing)


@pytest.mark.parametrize(
    "answer",
    [
        "Employees may book a hotel for up to 180 euros a night in Munich [1].",
        "A hotel in Munich may cost 180 euros per night [1].",
        "In Munich, up to 180 euros a night may be booked; in Berlin it is 150 euros [1].",
        "Longer trips than two weeks must be approved by Okafor [1].",
        "Longer trips than 2 weeks must be approved by Okafor [1].",
        "Receipts are handed in within thirty days [1].",
        "The Hamburg garage has 1200 places [2].",
        "The garage cost 2,500,000 euros [2].",
        "Bernd Larsen opened the garage on May 12, 2019 [2].",
        "The travel policy puts trains before planes [1].",
        "Trains come before planes [1], and the garage is in Hamburg [2].",
        "Trains come before planes [1][9].",
    ],
)
def test_what_the_passages_say_in_these_or_other_words_is_supported(answer: str) -> None:
    assert states(answer) == ["supported"], verify(answer, [passage(TRAVEL), passage(PARKING)])


@pytest.mark.parametrize(
    ("answer", "lacking"),
    [
        ("A hotel in Munich may cost 210 euros per night [1].", ["210"]),
        ("A hotel in Munich may cost 30 euros per night [1].", ["30"]),
        ("Trips of more than three weeks need the approval of Anna Okafor [1].", ["three"]),
        ("Trips of more than two weeks need the approval of Anna Larsen [1].", ["Larsen"]),
        ("Larsen approves trips of more than two weeks [1].", ["Larsen"]),
        ("Receipts are handed in within 30 days at the BMW office [1].", ["BMW"]),
        ("The garage cost 2.5 billion euros [2].", ["2.5 billion"]),
        ("The garage in Hamburg has 12,000 places [2].", ["12,000"]),
        ("The garage has 1,200 places [1].", ["1,200"]),
    ],
)
def test_a_number_or_name_that_the_passages_do_not_say_there_is_named(answer: str, lacking: list[str]) -> None:
    assert states(answer) == ["unsupported"]
    assert missing(answer) == lacking


@pytest.mark.parametrize(
    "answer",
    [
        "Lunch is free for everybody who works on a holiday [1].",
        "Trains do not come before planes, and receipts are handed in within 30 days [1].",
        "Trains come before planes [7].",
    ],
)
def test_what_nobody_wrote_or_the_opposite_is_unsupported_without_a_word_to_name(answer: str) -> None:
    assert states(answer) == ["unsupported"]
    assert missing(answer) == []


def test_a_sentence_that_names_no_passage_is_uncited() -> None:
    checks = verify(
        "Trains come before planes. Receipts are handed in within 30 days [1]. I hope this helps!", [passage(TRAVEL)]
    )
    assert [(each.state, each.numbers) for each in checks] == [("uncited", ()), ("supported", (1,))]


def test_without_passages_nothing_is_supported() -> None:
    assert [each.state for each in verify("Trains come first [1]. Buses are next.", [])] == ["unsupported", "uncited"]


def test_title_and_headings_speak_for_the_passage() -> None:
    found = passage("Receipts are handed in within 30 days.", "Globex travel", ("Business trips",))
    (check,) = verify("For business trips of Globex, receipts are handed in within 30 days [1].", [found])
    assert check.state == "supported"


def test_a_number_of_things_counted_in_a_list_is_no_invention() -> None:
    text = "Approved are: Bern, Rome, Oslo. The list is kept by the travel office."
    assert states("Three cities are approved: Bern, Rome and Oslo [1].", text) == ["supported"]


def test_a_name_and_its_initials_are_one() -> None:
    text = "The United Nations office is closed in May."
    assert states("The UN office is closed in May [1].", text) == ["supported"]
    assert states("The WHO office is closed in May [1].", text) == ["unsupported"]


def test_in_german_a_noun_is_no_name() -> None:
    text = (
        "Die Firma zahlt für Hotels in München höchstens 180 Euro je Nacht. Quittungen innerhalb von 30 Tagen einzureichen."
        " Der Antrag geht an Anna Okafor im Reisebüro der Firma."
    )
    assert states("Für ein Hotel in München zahlt die Firma höchstens 180 Euro [1].", text) == ["supported"]
    assert states("Quittungen müssen bei der Firma innerhalb von 30 Tagen eingereicht werden [1].", text) == ["supported"]
    assert states("Für ein Hotel in München zahlt die Firma höchstens 190 Euro [1].", text) == ["unsupported"]
    assert states("Der Antrag geht im Reisebüro an Bernd Larsen [1].", text) == ["unsupported"]


def test_of_a_sentence_in_another_language_only_numbers_are_compared() -> None:
    told = "Das Hotel darf in der Stadt bis zu {} Euro für eine Nacht kosten [1]."
    assert states(told.format(180), TRAVEL) == ["supported"]
    assert states(told.format(190), TRAVEL) == ["unsupported"]
    assert states("Der Zug ist vor dem Flug zu nehmen, und das gilt für alle [1].", TRAVEL) == []


def test_languages_without_spaces_are_compared_too() -> None:
    text = "ミュンヘンのホテルは一泊180ユーロまでです。領収書は30日以内に提出してください。"
    assert states("領収書は30日以内に提出します[1]。", text) == ["supported"]
    assert states("領収書は60日以内に提出します[1]。", text) == ["unsupported"]
    assert states("昼食は会社が毎日無料で出します[1]。", text) == ["unsupported"]


def test_no_more_sentences_are_looked_at_than_there_is_time_for() -> None:
    assert len(states("Trains come before planes [1]. " * (MOST_SENTENCES + 10))) == MOST_SENTENCES
