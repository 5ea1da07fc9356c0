"""The ideas that words stand for, in some fifteen languages: what makes a sentence in one like a sentence in another.

`lexicon.txt` is the list. Words are looked up folded; those of scripts without spaces are found inside a run of letters.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files

import msgspec

LONGEST_STEM = 9
# Marks that carry meaning are ideas as well.
MARKS = ("stop", "question", "shout", "colon", "quote", "tag", "equals", "dashes", "line", "hidden", "number")


class Lexicon(msgspec.Struct, frozen=True):
    """Numbers of ideas, from 1, by whole word and by beginning; `joined` finds the words of scripts without spaces."""

    names: tuple[str, ...]
    words: dict[str, int]
    stems: dict[str, int]
    joined: re.Pattern[str]

    def idea(self, word: str) -> int:
        """0 when the word is of none."""
        found = self.words.get(word)
        if found is not None:
            return found
        for size in range(min(len(word), LONGEST_STEM), 2, -1):
            found = self.stems.get(word[:size])
            if found is not None:
                return found
        return 0

    def number(self, name: str) -> int:
        """Of an idea or mark by its name."""
        return self.names.index(name) + 1


@cache
def lexicon() -> Lexicon:
    """Read once, at the first text that is judged."""
    names: list[str] = list(MARKS)
    words: dict[str, int] = {}
    stems: dict[str, int] = {}
    joined: list[str] = []
    for line in files("stoa.guards.injection").joinpath("lexicon.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, listed = line.partition(": ")
        if name not in names:
            names.append(name)
        number = names.index(name) + 1
        for word in folded(listed).split():
            if word.endswith("*"):
                stems.setdefault(word[:-1][:LONGEST_STEM], number)
            else:
                words.setdefault(word, number)
                if unspaced(word):
                    joined.append(word)
    pattern = "|".join(sorted(joined, key=len, reverse=True))
    return Lexicon(tuple(names), words, stems, re.compile(pattern))


def known(word: str) -> bool:
    """Whether a word is in the lexicon."""
    return lexicon().idea(word) > 0


def folded(text: str) -> str:
    """As the words of a text are folded before they are looked up."""
    apart = unicodedata.normalize("NFKD", text).lower()
    return "".join([c for c in apart if not unicodedata.combining(c)])


def unspaced(word: str) -> bool:
    """Whether it begins in a script that writes words without spaces: Han, kana, Hangul (whose endings cling to words)."""
    return word[:1] >= "\u1100" and ("\u1100" <= word[0] < "\u1200" or "\u2e80" <= word[0] < "\ua4d0" or word[0] >= "\uac00")
