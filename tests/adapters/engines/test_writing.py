from stoa.adapters.engines.structures import listing, records, table
from stoa.adapters.engines.writing import REFUSAL, Quote, written

LEVELS = table(["| Level | Lead |", "|---|---|", "| S1 | A [7] or B |", r"| S2 | C \| D |"], "Levels")


def rows(*at: int, number: int = 1) -> list[Quote]:
    return [Quote(LEVELS.said[each], number, LEVELS) for each in at]


def test_nothing_quoted_is_the_refusal() -> None:
    assert written([]) == REFUSAL


def test_sentences_follow_each_other_each_with_its_passage() -> None:
    assert (
        written([Quote("It opens at 9.", 2), Quote("It closes at 5 [3].", 1)]) == "It opens at 9. [2] It closes at 5 (3). [1]"
    )


def test_several_rows_are_a_table_with_a_citation_each() -> None:
    assert written(rows(0, 1)) == "| Level | Lead |\n| --- | --- |\n| S1 | A (7) or B [1] |\n| S2 | C \\| D [1] |"


def test_a_row_alone_is_a_sentence() -> None:
    assert written([Quote("It is so.", 2), *rows(0)]) == "It is so. [2] Level: S1; Lead: A (7) or B [1]"


def test_a_table_stands_apart_from_the_sentences_around_it() -> None:
    text = written([Quote("Before.", 1), *rows(0, 1), Quote("After.", 1)])
    assert text.startswith("Before. [1]\n\n| Level |")
    assert text.endswith("|\n\nAfter. [1]")


def test_rows_of_a_table_in_two_passages_are_one_table() -> None:
    one = records(["room: B-1; owner: Reed"], "")
    other = records(["room: B-2; owner: Osman"], "")
    assert written([Quote(one.said[0], 1, one), Quote(other.said[0], 3, other)]) == (
        "| room | owner |\n| --- | --- |\n| B-1 | Reed [1] |\n| B-2 | Osman [3] |"
    )


def test_items_are_a_list_below_their_lead_in() -> None:
    bring = listing(["- a passport", "- a visa", "- money"], "Bring:", "")
    assert (
        written([Quote(bring.said[0], 4, bring), Quote(bring.said[2], 4, bring)]) == "Bring:\n\n- a passport [4]\n- money [4]"
    )


def test_a_whole_list_is_written_with_all_its_items() -> None:
    steps = listing(["2. Sign.", "3. Send."], "", "Steps")
    assert written([Quote("Sign.; Send.", 1, steps)]) == "2. Sign. [1]\n3. Send. [1]"
