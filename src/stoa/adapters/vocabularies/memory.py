"""A tokenizer that counts words: the shipped fake."""

from collections.abc import Mapping

from stoa.domain.tokenizers import Tokenizer
from stoa.errors import OperatorError


class Words:
    """Implements `domain.tokenizers.Tokenizer`: one token a word, none around anything."""

    characters = 4096
    around_message = 0
    around_all = 0
    tiles = False

    def count(self, text: str) -> int:
        return len(text.split())


class MemoryTokenizers:
    """Implements `domain.tokenizers.Tokenizers` with those it is given."""

    def __init__(self, tokenizers: Mapping[str, Tokenizer] | None = None) -> None:
        self._tokenizers = {} if tokenizers is None else tokenizers

    def has(self, name: str) -> bool:
        return name in self._tokenizers

    def load(self, name: str) -> Tokenizer:
        if name not in self._tokenizers:
            raise OperatorError(f"The tokenizer {name!r} is not there.")
        return self._tokenizers[name]
