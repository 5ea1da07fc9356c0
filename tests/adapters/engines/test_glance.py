from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.glance import Glance, worth_reading


def test_a_word_matches_itself_best_and_a_kindred_one_better_than_a_strange_one(minilm: MiniLM) -> None:
    asked, *texts = minilm.encode(["doctor", "doctor", "the physician", "the gravel"])
    same, kindred, strange = (float(row[0]) for row in Glance(minilm).match(asked, texts))
    assert same > 0.99 > kindred > strange


def test_reading_stops_where_the_tokens_are_spent() -> None:
    assert worth_reading([[0.1, 0.9, 0.5]], [10, 10, 10], tokens=20) == [1, 2]
    assert worth_reading([[0.1, 0.9, 0.5]], [10, 10, 10], tokens=30) == [0, 1, 2]


def test_one_text_is_read_however_long() -> None:
    assert worth_reading([[0.1, 0.9]], [500, 600], tokens=20) == [1]


def test_every_part_of_a_question_has_its_turn() -> None:
    assert worth_reading([[0.9, 0.8, 0.1], [0.1, 0.2, 0.9]], [10, 10, 10], tokens=20) == [0, 2]
