"""Tokenizers by name: OpenAI's encodings, the built-in one, and files of the operator's."""

import subprocess
import sys
from pathlib import Path

import pytest

from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.engines.weights import tokenizer_path
from stoa.adapters.vocabularies.table import TokenizerTable
from stoa.domain.tokenizers import is_tokenizer
from stoa.errors import MissingExtra, OperatorError


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        # As OpenAI's own package `tiktoken` counts them, version 0.14.
        ("o200k_base", "tiktoken is great!", 6),
        ("cl100k_base", "tiktoken is great!", 6),
        ("o200k_base", "Größenänderung für Bücher 12345", 10),
        ("cl100k_base", "Größenänderung für Bücher 12345", 11),
        ("o200k_base", "お誕生日おめでとう", 8),
        ("cl100k_base", "お誕生日おめでとう", 9),
        ("o200k_base", "<|endoftext|>", 7),
        ("o200k_base", "", 0),
    ],
)
def test_an_encoding_counts_as_openais_own_package_does(tmp_path: Path, name: str, text: str, tokens: int) -> None:
    assert TokenizerTable(tmp_path).load(name).count(text) == tokens


def test_a_text_that_cannot_be_encoded_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        TokenizerTable(tmp_path).load("o200k_base").count("\ud800")


def test_the_built_in_one_counts_as_the_built_in_models_do(tmp_path: Path) -> None:
    text = "Who pays for the train to the annual meeting?"
    tokenizer = TokenizerTable(tmp_path).load("builtin")
    assert tokenizer.count(text) == len(minilm_tokenizer().encode(text, add_special_tokens=False))
    assert (tokenizer.around_message, tokenizer.around_all) == (0, 0)


def test_a_file_in_the_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini" / "tokenizer.json").write_bytes(tokenizer_path().read_bytes())
    assert TokenizerTable(tmp_path).load("mini/tokenizer.json").count("word " * 600) == 600, "nothing is cut off"


def test_a_file_that_is_not_there_or_none_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{}")
    table = TokenizerTable(tmp_path)
    with pytest.raises(OperatorError, match=r"'broken.json' cannot be read"):
        table.load("broken.json")
    with pytest.raises(OperatorError) as refusal:
        table.load("gone.json")
    assert str(tmp_path / "gone.json") in refusal.value.message


@pytest.mark.parametrize(
    "name", ["o200k_base", "cl100k_base", "builtin", "none", "a.json", "qwen3/tokenizer.json", "a/b/c.json"]
)
def test_names_of_tokenizers_are_ours_or_files_within_the_folder(name: str) -> None:
    assert is_tokenizer(name)


@pytest.mark.parametrize(
    "name",
    ["", "gpt2", "/etc/x.json", "../x.json", "a/../x.json", "a//b.json", ".hidden.json", "a.txt", "a.json\n", "a\\b.json"],
)
def test_other_names_are_none(name: str) -> None:
    assert not is_tokenizer(name)


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rs_bpe", None)
    table = TokenizerTable(tmp_path)
    assert not table.has("o200k_base")
    assert table.has("builtin")
    with pytest.raises(MissingExtra, match=r"stoa\[tokenizers\]"):
        table.load("o200k_base")


def test_the_table_loads_no_package_before_it_is_asked() -> None:
    code = "import sys, stoa.adapters.vocabularies.table as t; print(sorted({'tokenizers', 'rs_bpe'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
