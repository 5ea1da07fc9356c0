"""How seldom words are used: the vocabulary of the built-in embedder holds the words of its training texts by frequency."""

from math import log2

from tokenizers import Tokenizer

_FIRST = 1_996
"""Where whole words begin, after marks and single signs: this one is `the`."""


class VocabularyRarity:
    """`knowledge.keywords.Rarity` over a vocabulary in the order of frequency. A word that is not in it whole is rare."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._ids = {word: place for word, place in tokenizer.get_vocab().items() if place >= _FIRST}
        self._scale = log2(max(self._ids.values(), default=_FIRST + 1) - _FIRST + 2)

    def __call__(self, word: str) -> float:
        place = self._ids.get(word)
        return 1.0 if place is None else log2(place - _FIRST + 1) / self._scale
