import pytest

from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.evidence import NumberedPassage, Weigher

LEAVE = NumberedPassage(1, "Leave policy", "Employees have 28 days of annual leave. Requests go to the line manager.")
LAB = NumberedPassage(2, "Lab safety", "The centrifuge is cleaned every week. Goggles are worn at the bench.")


def test_the_sentence_that_answers_comes_first_wherever_it_stands(minilm: MiniLM) -> None:
    for passages in ([LEAVE, LAB], [LAB, LEAVE]):
        (ranking,) = Weigher(minilm).weigh("How many days of annual leave are there?", passages)
        assert ranking.evidence[0].unit.text == "Employees have 28 days of annual leave."
        assert len(ranking.evidence) == 4


def test_each_part_of_a_question_has_a_ranking(minilm: MiniLM) -> None:
    first, second = Weigher(minilm).weigh(
        "How many days of annual leave are there, and how often is the centrifuge cleaned?", [LEAVE, LAB]
    )
    assert first.evidence[0].passage == LEAVE
    assert second.evidence[0].passage == LAB
    assert first.importance.sum() == pytest.approx(1)


def test_the_title_tells_what_a_sentence_is_about(minilm: MiniLM) -> None:
    text = "It is kept at 5 °C."
    passages = [NumberedPassage(1, "Insuvara pen", text + " "), NumberedPassage(2, "Pulmavent inhaler", text)]
    (ranking,) = Weigher(minilm).weigh("How is the Pulmavent inhaler stored?", passages)
    assert ranking.evidence[0].passage.number == 2


def test_what_is_remembered_changes_nothing_and_is_bounded(minilm: MiniLM) -> None:
    weigher = Weigher(minilm, cached_tokens=20)
    first = weigher.weigh("Who wears goggles?", [LEAVE, LAB])
    again = weigher.weigh("Who wears goggles?", [LEAVE, LAB])
    assert [one.signals for one in first[0].evidence] == [one.signals for one in again[0].evidence]


def test_nothing_to_weigh_gives_no_ranking(minilm: MiniLM) -> None:
    assert Weigher(minilm).weigh("Who?", []) == []
    assert Weigher(minilm).weigh("Who?", [NumberedPassage(1, "Empty", "# Heading only")]) == []
    assert Weigher(minilm).weigh(" ", [LAB]) == []


def test_passages_read_again_weigh_the_same(minilm: MiniLM) -> None:
    long = NumberedPassage(3, "Rules", "Nobody runs in the corridors of the building. " * 200)
    question = "How many days of annual leave are there?"
    once, again = (Weigher(minilm).weigh(question, [LAB, LEAVE, long])[0].evidence for _ in range(2))
    assert [(one.unit, one.signals) for one in once] == [(one.unit, one.signals) for one in again]
