"""Cutting text by words: the fake splitter, for which a token is a word."""

import re
from collections.abc import Sequence


class WordSplitter:
    """The splitter port without a tokenizer."""

    def count(self, text: str) -> int:
        return len(text.split())

    def split(self, text: str, *, tokens: int, markdown: bool) -> Sequence[tuple[int, int]]:
        words = list(re.finditer(r"\S+", text))
        return [(group[0].start(), group[-1].end()) for n in range(0, len(words), tokens) if (group := words[n : n + tokens])]
