"""Words as evidence: which ones of a question carry its meaning, how rare they are, and which forms of a word are the same."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from math import log

from tokenizers import Tokenizer

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_ENDINGS = (
    ("ies", "y"), ("sses", "ss"), ("isation", "ize"), ("ization", "ize"), ("isations", "ize"), ("izations", "ize"),
    ("ations", "ate"), ("ation", "ate"),
    ("ments", "ment"), ("ness", ""), ("ingly", ""), ("edly", ""), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""),
    ("s", ""), ("ly", ""),
)  # fmt: skip
_STOP = frozenset(
    "a an the of in on at to for from by with as is are was were be been being do does did done has have had having it its "  # noqa: SIM905
    "this that these those he she they them his her their him who whom whose what which when where why how many much long and "
    "or but not no nor than then so such if into about over under after before between during can could may might will would "
    "shall should must there here also i you your my me we our us any some one s t name named called following each every all "
    "both please tell".split()
)

_FIRST_WORD, _WORDS = 1996, 28_500
"""BERT's vocabulary lists whole words from this id on, the most frequent first; so the id tells how rare a word is."""


def stems(text: str) -> Iterator[str]:
    """The stem of every word, in order."""
    return (stem(word) for word in _WORD.findall(text.lower()))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Light suffix stripping for English; a word that is no English one mostly stays as it is."""
    word = word.replace("’", "'").removesuffix("'s")
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending, instead in _ENDINGS:
        kept = len(word) - len(ending)
        if word.endswith(ending) and kept + len(instead) >= 3 and not (ending == "s" and word.endswith(("ss", "us", "is"))):
            word = word[:kept] + instead
            break
    word = word.removesuffix("e")
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


def content_words(text: str) -> list[str]:
    """The words that carry meaning, lower case, in order."""
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP]


def means_little(word: str) -> bool:
    """Whether it is one of the small words of any sentence."""
    return word.lower() in _STOP


class Rarity:
    """How much a word says by itself, from 0 for `the` to 1 for one that the tokenizer does not know whole."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    def content(self, text: str) -> dict[str, float]:
        """The stems of text that carry meaning, each with its weight."""
        return {stem(word): self.of(word) for word in content_words(text)}

    def of(self, word: str) -> float:
        """0 as well for a word that carries no meaning, however rare."""
        word = word.lower()
        if word in _STOP:
            return 0.0
        at = self.tokenizer.token_to_id(word.removesuffix("'s"))
        if word.isdigit() or at is None:
            return 1.0
        return min(1.0, log(1 + max(at - _FIRST_WORD + 1, 1) / 60) / log(1 + _WORDS / 60))


def coverage(wanted: Mapping[str, float], present: AbstractSet[str]) -> float:
    """The share of wanted, by weight, that is present: 0 to 1."""
    return sum(weight for word, weight in wanted.items() if word in present) / (sum(wanted.values()) or 1.0)
