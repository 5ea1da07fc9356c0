"""A sentence as words: lower case, contractions opened, numbers in digits, signs kept because `a < b` is not `a > b`."""

import re

from stoa.gateway.likeness.numerals import with_digits

_TYPED = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": " ", "\u00a0": " "})
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_GROUPED = re.compile(r"(?<=\d),(?=\d{2,3}\b)")
_ASKS_OR_POINTS = "(?:what|who|where|how|when|why|it|that|there|he|she)"
_OPENED = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"\b(can)not\b|\b(can)'t\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"n't\b|(?<=\bdo)nt\b|(?<=\bdid)nt\b|(?<=\bdoes)nt\b|(?<=\bis)nt\b|(?<=\bare)nt\b|(?<=\bwas)nt\b", " not"),
        (rf"\b({_ASKS_OR_POINTS})'s\b", r"\1 is"),
        (r"\bwhats\b", "what is"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'m\b", " am"),
        (r"'ll\b", " will"),
        (r"'d\b", " would"),
        (r"\bgonna\b", "going to"),
        (r"\ba few\b", "several"),  # few by itself denies: few people know
        (r"'s\b|(?<=\ws)'(?=\s)", " "),
        ("&", " and "),
    )
)
_WORD = re.compile(
    r"[A-Za-z](?:\+\+|\#)(?!\w)"  # C++, C#
    r"|\d+(?:[.:]\d+)*(?:st|nd|rd|th|s)?\b|\d+(?:[.:]\d+)*"  # 3.5, 10:30, 2nd, 1980s, the 10 of 10k
    r"|[^\W\d]\w*(?:\.\w+)*"  # Node.js
    r"|(?<!\w)[-+](?=\d)|(?<=\d)[-/*](?=\d)|(?<=\s)[-/](?=\s)"  # signs that are punctuation elsewhere
    r"|[^\w\s.,;:!?'\"()\-/…]"
)
_NAMES_LIKE_WORDS = {"US": "usa", "USA": "usa", "IT": "IT", "WHO": "WHO"}
"""In capitals these are names, and in small letters `us`, `it` and `who`."""


_POSSESSIVE = re.compile(rf"\b(?!{_ASKS_OR_POINTS}'s)\w+'s\b|\w\w*s'(?=\s)", re.IGNORECASE)


def words(sentence: str) -> list[str]:
    """The words and signs in order."""
    return with_digits([folded(word, shouted=sentence.isupper()) for word in written(sentence)])


def written(sentence: str) -> list[str]:
    """The same as they are written, capitals and all."""
    text = _DOTTED.sub(lambda found: found[0].replace(".", ""), sentence.translate(_TYPED))
    text = _GROUPED.sub("", text)
    for pattern, instead in _OPENED:
        text = pattern.sub(instead, text)
    return _WORD.findall(text)


def folded(word: str, *, shouted: bool = False) -> str:
    return word.lower() if shouted else _NAMES_LIKE_WORDS.get(word) or word.lower()


def possessives(sentence: str) -> int:
    """How many genitives with an apostrophe."""
    return len(_POSSESSIVE.findall(sentence.translate(_TYPED)))
