import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.adapters.engines.embedder import MAX_TOKENS, MiniLM

TEXTS = st.lists(st.text(max_size=60), min_size=1, max_size=12)


@pytest.mark.slow
@given(texts=TEXTS)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_text_has_the_same_unit_vector_in_any_company(minilm: MiniLM, texts: list[str]) -> None:
    together = minilm.embed([*texts, "company"])[:-1]
    assert together.shape == (len(texts), 384)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(minilm.embed([text, "other company"])[0], vector, atol=1e-5)


def test_a_question_alone_has_nearly_the_vector_that_it_has_among_others(minilm: MiniLM) -> None:
    questions = ["How many days of leave?", "Who signs the travel expenses of a guest from Zürich, and by when?", "DIN EN 285?"]
    for question, exact in zip(questions, minilm.embed(questions), strict=True):
        (alone,) = minilm.embed([question])
        assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-5)
        assert alone @ exact > 0.998


def test_a_long_text_alone_has_the_exact_vector(minilm: MiniLM) -> None:
    text = "The laboratory's eye-wash station is tested every Monday. " * 12
    np.testing.assert_allclose(minilm.embed([text])[0], minilm.embed([text, "company"])[0], atol=1e-5)


def test_vectors_come_in_the_order_of_the_texts(minilm: MiniLM) -> None:
    texts = ["a long text about travel expenses and their limits " * 5, "short", "a text of middle length about leave"]
    forwards, backwards = minilm.embed(texts), minilm.embed(texts[::-1])
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-5)


def test_like_texts_lie_closer_than_unlike_ones(minilm: MiniLM) -> None:
    question, like, unlike = minilm.embed(
        ["How much annual leave do I get?", "Employees have 30 days of vacation.", "The centrifuge is cleaned weekly."]
    )
    assert question @ like > question @ unlike + 0.1


def test_what_lies_beyond_the_limit_is_not_seen(minilm: MiniLM) -> None:
    seen = "word " * (MAX_TOKENS - 2)
    whole, longer = minilm.embed([seen, seen + "entirely different matters follow"])
    np.testing.assert_allclose(whole, longer, atol=1e-5)


def test_tokens_are_counted_without_marks_and_without_a_limit(minilm: MiniLM) -> None:
    assert minilm.count_tokens("") == 0
    assert minilm.count_tokens("two words") == 2
    assert minilm.count_tokens("word " * 1000) == 1000


def test_no_texts_are_no_vectors(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, 384)
