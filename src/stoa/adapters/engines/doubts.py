"""Whether a sentence that matches a question can answer it: what is asked for has to be in it, and nothing that speaks against.

Each doubt is a rule that a reader would agree with, so that it can be explained. English, and only where the question is plain.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from stoa.adapters.engines.expectation import MONTHS, NUMBER, UNIT
from stoa.adapters.engines.words import content_words, means_little, stem, stems

_YEAR = re.compile(r"\b(?:1\d|20)\d\d(?:s\b|\b)")
_LETTERS = re.compile(r"[^\W\d_][\w'’-]*")
_COUNT = re.compile(rf"\b(?:{NUMBER}|several|many|few|no|single|pair|dozens)\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"\bhow many\s+(?!times\b)(.+)", re.IGNORECASE | re.DOTALL)
_NEXT_WORDS, _LAST_WORDS, _COUNTED_WORDS = 6, 4, 4
"""So far after or before a number, and so many words long, is the thing that it counts."""

_WHO = re.compile(r"^\W*(?:(?:to|by|from|with|for) )?who(?:m|se)?\b", re.IGNORECASE)
_SOMEBODY = re.compile(
    r"\b(?:head|lead|team|department|committee|board|council|desk|staff|personnel|people|persons?|men|women|army|party|group|church"
    r"|police|brigade|services?|security|agency|authority|authorities|union|bank|court|government|ministry|reception|family|child"
    r"|children|students?|pupils?|nurses?|company|companies|office|nobody|everyone|everybody|anyone|you|guests?|patients?|kings?|princes?|parents?|\w+ists?|\w+ees?"
    r"|(?:manag|offic|work|us|custom|suppli|driv|own|hold|memb|lead|partn|employ|teach|minist|engine|lawy|carri|buy|sell)ers?"
    r"|(?:supervis|direct|contract|visit|doct|audit|operat|vend|auth|inspect|invest|donat|edit|may)ors?"
    r"|phone|extension|\d{3,})\b|@",
    re.IGNORECASE,
)
"""Who it is, or how to reach them."""

_PRICE = r"(?:costs?|price|fees?|salary|fare|rent|wages?)"


class _Kind(NamedTuple):
    """`asked` recognises a question, and what answers it has something of `met`. A year is no answer to one `without_years`."""

    asked: re.Pattern[str]
    met: re.Pattern[str]
    without_years: bool


def _kind(asked: str, met: str, *, without_years: bool = False) -> _Kind:
    return _Kind(re.compile(asked, re.IGNORECASE), re.compile(met, re.IGNORECASE), without_years)


_KINDS = (
    _kind(
        r"\b(?:what|which) (?:percentage|percent|proportion)\b",
        r"%|\bper ?cent|\bpercentage|\bproportion|\bhalf\b|\bthirds?\b|\bquarters?\b|\bshare\b",
    ),
    _kind(
        rf"\bhow much\b.*\b(?:{_PRICE}|pay|paid|earn|charged?|spend|spent)\b"
        rf"|\bwhat (?:is|was|are|were) the (?:\w+ )?{_PRICE}\b|\bwhat (?:do|does|did|will|would) .+ costs?\b",
        r"[$€£¥%]|\b(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds?|francs?|cents?|pence|free|no charge)\b",
    ),
    _kind(
        r"\bhow often\b",
        r"\b(?:daily|weekly|monthly|annual\w*|yearly|quarterly|every|each|per|once|twice|times|regular\w*|always|never|rarely)\b"
        r"|\ban? (?:day|week|month|year)\b",
    ),
    _kind(
        r"\bhow (?:long|tall|deep|wide|heavy|fast)\b",
        rf"\b{NUMBER}[\s-]+(?:\w+[\s-]+){{0,2}}?{UNIT}(?!\w)|\d\s*[–-]\s*\d"
        r"|\b(?:until|since|overnight|indefinitely|lifetime|permanent\w*)\b",
        without_years=True,
    ),
    _kind(r"\bhow (?:big|large|high|old)\b", rf"\b{NUMBER}\b", without_years=True),
    _kind(
        r"^\W*(?:(?:since|until|by|from|in|on|at) )?(?:when|(?:what|which) (?:year|date))\b",
        rf"\d|centur|decade|\b(?-i:{MONTHS})\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:today|now|before|after|during|until"
        r"|since|every|each|daily|weekly|monthly|annual\w*|quarter\w*|immediately|once|day|week|month|year|war|time|spring|summer"
        r"|autumn|winter|when|if|upon|within|at|never|always)\b",
    ),
)

_EXCLUSIVE = tuple(
    frozenset(words.split())
    for words in (
        "January February March April May June July August September October November December",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "spring summer autumn winter",
        "north south east west",
        "northern southern eastern western",
        "public private",
        "minimum maximum",
        "least most",
        "first second third fourth fifth",
        "male female",
        "full-time part-time",
        "internal external",
        "domestic international foreign",
        "daily weekly monthly quarterly yearly",
        "largest smallest",
        "highest lowest",
        "longest shortest",
        "oldest newest youngest",
        "import export",
        "imports exports",
        "upper lower",
        "contractors employees visitors",
        "husband wife",
        "mother father",
        "brother sister son daughter",
        "direct indirect",
        "against favour",
    )
)
"""What is one of these is none of the others: words that tell things of a kind apart. `before` and `after` may both stand in an
answer."""


def unmet(question: str, text: str) -> bool:
    """Whether text has nothing of the kind asked for: no percentage, price, duration, date, nobody, no number of it."""
    news = _news(question, text)
    if any(kind.asked.search(question) and not _meets(kind, news) for kind in _KINDS):
        return True
    return (_WHO.search(question) is not None and not _somebody(news)) or _uncounted(question, text)


def excluded(question: str, text: str) -> bool:
    """Whether text says another word where the question says one that excludes it: winter for summer, public for private."""
    asked, said = set(_LETTERS.findall(question)), set(_LETTERS.findall(text))
    spoken = {word.lower() for word in said} | said
    return any((said & words) - asked and (asked & words) - spoken for words in _EXCLUSIVE)


def _news(question: str, text: str) -> str:
    """Text with what the question says itself blanked out, which is no answer to it."""
    known = frozenset(stems(question))
    return _LETTERS.sub(lambda word: "_" if stem(word[0].lower()) in known and not means_little(word[0]) else word[0], text)


def _meets(kind: _Kind, text: str) -> bool:
    return kind.met.search(_YEAR.sub("_", text) if kind.without_years else text) is not None


def _somebody(text: str) -> bool:
    """A name or a role. A capital that opens the text is none if the word is a small one."""
    named = any(word[0].isupper() and not means_little(word) for word in _LETTERS.findall(text))
    return named or _SOMEBODY.search(_YEAR.sub("_", text)) is not None


def _uncounted(question: str, text: str) -> bool:
    """Whether the question asks how many of a thing and text has no number beside that thing."""
    asked = _HOW_MANY.search(question)
    counted = set(_first_words(asked[1])) if asked else set[str]()
    if not counted:
        return False
    for number in _COUNT.finditer(text):
        if _YEAR.fullmatch(number[0]):
            continue
        beside = list(stems(text[number.end() :]))[:_NEXT_WORDS] + list(stems(text[: number.start()]))[-_LAST_WORDS:]
        if counted.intersection(beside):
            return False
    return True


def _first_words(text: str) -> Iterator[str]:
    """The stems of the words up to the first that means little."""
    for at, word in enumerate(_LETTERS.findall(text)):
        if at == _COUNTED_WORDS or not content_words(word):
            return
        yield stem(word.lower())
