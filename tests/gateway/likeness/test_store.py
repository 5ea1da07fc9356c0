"""Questions are found by what they say, within their scope, for as long as they may be."""

from tests.gateway.likeness.pairs import OTHER, SAME

from stoa.gateway.likeness.judgement import judge
from stoa.gateway.likeness.reading import Reading, read
from stoa.gateway.likeness.store import MOST_ALIKE, OVERHEAD, Questions


def reading(text: str) -> Reading:
    found = read(text)
    assert found is not None
    return found


def put(questions: Questions, text: str, *, scope: bytes = b"team", answer: bytes | None = None, until: float = 10.0) -> None:
    key = answer if answer is not None else text.encode()
    questions.put(scope, text, reading(text), answer=key, source=b"model-1", expires_s=until)


def found(questions: Questions, text: str, *, scope: bytes = b"team", now: float = 0.0) -> list[str]:
    return [known.text for known in questions.alike(scope, reading(text), now_s=now)]


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
        alike = questions.alike(b"team", asked, now_s=0)
        assert {known.text for known in alike if judge(asked, readings[known.text], 1.0).same} == wanted


def test_what_expired_is_gone() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "Who is the boss of sales?", until=5.0)
    assert found(questions, "Who is the boss of sales?", now=4.9)
    assert not found(questions, "Who is the boss of sales?", now=5.0)
    assert len(questions) == 0
    assert questions.size_bytes == 0


def test_the_least_recently_used_goes_first() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=2)
    put(questions, "How old is Anna Schmidt?")
    put(questions, "How old is Peter Schmidt?")
    (anna,) = questions.alike(b"team", reading("How old is Anna Schmidt?"), now_s=0)
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
    known = questions.alike(b"team", reading("How old is Anna Schmidt?"), now_s=0)
    assert [one.answer for one in known] == [b"%d" % number for number in range(MOST_ALIKE + 1, 1, -1)]


def test_the_same_answer_key_is_kept_once() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "How old is Anna Schmidt?", answer=b"1")
    put(questions, "How old is Peter Schmidt?", answer=b"1")
    assert len(questions) == 1
    assert not found(questions, "How old is Anna Schmidt?")


def test_questions_go_with_what_their_answers_were_made_of() -> None:
    questions = Questions(max_bytes=1_000_000, max_entries=100)
    put(questions, "How old is Anna Schmidt?")
    questions.put(b"team", "How old is he?", reading("How old is he?"), answer=b"2", source=b"model-2", expires_s=10.0)
    questions.drop_source(b"model-1")
    assert not found(questions, "How old is Anna Schmidt?")
    assert found(questions, "How old is he?")
    assert questions.size_bytes > 0
