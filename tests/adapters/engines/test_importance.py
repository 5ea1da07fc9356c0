import pytest

from stoa.adapters.engines.importance import importance
from stoa.adapters.engines.question import parts
from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.engines.words import Rarity


def test_rare_words_count_more_than_common_ones() -> None:
    question = "Who is the cryostat for?"
    (asked,) = parts(question)
    weights = importance(question, asked, [asked], Rarity(minilm_tokenizer()))
    tokens = minilm_tokenizer().encode(question, add_special_tokens=False).tokens
    assert weights.sum() == pytest.approx(1)
    assert weights[tokens.index("cry")] > weights[tokens.index("the")] == weights[tokens.index("?")]


def test_another_part_counts_nothing_and_what_is_told_before_a_little() -> None:
    question = "I lost my laptop. How soon must I report that laptop, and when is the police told of it?"
    first, second = parts(question)
    tokens = minilm_tokenizer().encode(question, add_special_tokens=False).tokens
    told, asked = (at for at, token in enumerate(tokens) if token == "laptop")
    weights = importance(question, first, [first, second], Rarity(minilm_tokenizer()))
    assert weights[told] == pytest.approx(weights[asked] / 10)
    assert weights[tokens.index("police")] == 0
