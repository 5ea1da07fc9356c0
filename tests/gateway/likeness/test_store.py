"""Questions are found by what they say, within their scope, for as long as they may be."""

from tests.gateway.likeness.pairs import OTHER, SAME

from stoa.gateway.likeness.judgement import judge
from stoa.gateway.likeness.reading import Reading, read
from stoa.gateway.likeness.store import MOST_ALIKE, OVERHEAD, Questions


def reading(text: str) -> Reading:
    found = read(text)
    assert found is not None
    return found


def put(questions: Questions, text: str, *, scope: bytes = b"team", answer: bytes | None = None) -> None:
    questions.put(scope, text, reading(text), answer=answer if answer is not None else text.encode())


def found(questions: Questions, text: str, *, scope: bytes = b"team") -> list[str]:
    return [known.text for known in questions.alike(scope, reading(text))]


def test_a_question_is_found_in_other_words() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "How do I reset my router password?")
    put(questions, "How do I reset my laptop password?")
    assert found(questions, "What is the best way to reset my router password?") == ["How do I reset my router password?"]
    assert found(questions, "How do I find my router password?") == []


def test_another_scope_is_another_world() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "Who is the boss of sales?", scope=b"one")
    assert found(questions, "Who is the boss of sales?", scope=b"other") == []


def test_the_lookup_finds_what_comparing_with_every_question_would_find() -> None:
    texts = [text for pair in SAME for text in pair] + [text for _, *pair in OTHER for text in pair]
    questions = Questions(max_bytes=10_000_000, max_entries=1_000)
    for text in texts:
        put(questions, text)
    readings = {text: reading(text) for text in texts}
    for asked in readings.values():
        wanted = {other for other, known in readings.items() if judge(asked, known, 1.0).same}
        alike = questions.alike(b"team", asked)
        assert {known.text for known in alike if judge(asked, readings[known.text], 1.0).same} == wanted


def test_a_question_goes_with_its_answer() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "Who is the boss of sales?", answer=b"1")
    questions.drop(b"1")
    questions.drop(b"2")
    assert not found(questions, "Who is the boss of sales?")
    assert (len(questions), questions.size_bytes) == (0, 0)


def test_the_least_recently_used_goes_first() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=2)
    put(questions, "How old is Anna Schmidt?")
    put(questions, "How old is Peter Schmidt?")
    (anna,) = questions.alike(b"team", reading("How old is Anna Schmidt?"))
    questions.used(anna)
    put(questions, "How old is Maria Schmidt?")
    assert found(questions, "How old is Anna Schmidt?")
    assert not found(questions, "How old is Peter Schmidt?")
    questions.drop(anna.answer)
    questions.used(anna)
    assert len(questions) == 1


def test_bytes_are_bounded_too() -> None:
    questions = Questions(max_bytes=3 * OVERHEAD, max_entries=100)
    for name in ("Anna", "Peter", "Maria", "Paul"):
        put(questions, f"How old is {name} Schmidt?")
    assert len(questions) == 2
    assert questions.size_bytes <= 3 * OVERHEAD


def test_of_one_question_only_so_many_ways_are_kept() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    for number in range(MOST_ALIKE + 2):
        put(questions, "How old is Anna Schmidt?", answer=b"%d" % number)
    known = questions.alike(b"team", reading("How old is Anna Schmidt?"))
    assert [one.answer for one in known] == [b"%d" % number for number in range(MOST_ALIKE + 1, 1, -1)]


def test_the_same_answer_key_is_kept_once() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "How old is Anna Schmidt?", answer=b"1")
    put(questions, "How old is Peter Schmidt?", answer=b"1")
    assert len(questions) == 1
    assert not found(questions, "How old is Anna Schmidt?")
