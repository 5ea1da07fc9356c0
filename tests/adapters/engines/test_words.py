import pytest

from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.engines.words import Rarity, coverage, stem, stems


@pytest.mark.parametrize(
    "forms",
    [
        ["approve", "approves", "approved", "approving"],
        ["policy", "policies"],
        ["holiday", "holidays", "holiday's", "holiday’s"],
        ["stop", "stopped", "stopping"],
        ["organisation", "organisations"],
    ],
)
def test_the_forms_of_a_word_have_one_stem(forms: list[str]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["bus", "gas", "ls-4", "2026", "0.5"])
def test_what_only_looks_like_a_form_stays(word: str) -> None:
    assert stem(word) == word


def test_rare_words_weigh_more_and_the_commonest_nothing() -> None:
    content = Rarity(minilm_tokenizer()).content("What is the time in the cryostat in 1995?")
    assert set(content) == {"tim", "cryostat", "1995"}
    assert content["tim"] < content["cryostat"] == content["1995"] == 1.0


def test_coverage_is_a_share_by_weight() -> None:
    assert coverage({"a": 1.0, "b": 3.0}, {"b", "c"}) == 0.75
    assert coverage({}, {"b"}) == 0.0


def test_words_are_stemmed_in_order() -> None:
    assert list(stems("Policies, approved!")) == ["polici", "approv"]
