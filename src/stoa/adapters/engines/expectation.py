"""What kind of thing a question asks for, and whether a sentence holds one that the question did not bring itself."""

import re
from typing import NamedTuple

from stoa.adapters.engines.words import stem

NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety"
    r"|hundreds?|thousands?|millions?|billions?|half|third|quarter|dozen|once|twice|both|first|second)"
)
UNIT = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur\w+|miles?|[kcm]?m|\w*met(?:er|re)s?|feet|foot|inch\w*"
    r"|acres?|hectares?|square|tons?|tonnes?|pounds?|[km]?g|\w*grams?|[km]?ph|m?l|lit(?:er|re)s?|°\w?|degrees?)"
)
MONTHS = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_CALENDAR = rf"\b{MONTHS}\b|centur|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|\d\d?:\d\d|\b1\d{{3}}s?\b|\b20\d\ds?\b"
_PERIOD = (
    r"(?i:daily|weekly|monthly|quarter|annual|\byearly\b|\b(?:day|week|month|year)s?\b|\bq[1-4]\b|immediately|before|after)"
)
_NAME = r"[A-ZÀ-Þ][\w'’-]+"
_ROLE = r"(?i:manager|officer|head|director|lead|supervisor|team|department|committee|board|council|desk|staff|employee)"


class Expectation(NamedTuple):
    """`asked` recognises the question; `sure` and `likely` the sentence that can answer it."""

    kind: str
    asked: re.Pattern[str]
    sure: re.Pattern[str]
    likely: re.Pattern[str]


def _expect(kind: str, asked: str, sure: str, likely: str) -> Expectation:
    return Expectation(kind, re.compile(asked, re.IGNORECASE), re.compile(sure), re.compile(likely))


EXPECTATIONS = (
    _expect(
        "amount",
        r"\bhow much\b|\bwhat (?:is|are|was) the (?:\w+ )?(?:cost|price|amount|fee|budget|limit|rate|allowance|salary)s?\b"
        r"|\bwhat (?:do|does|did|will|would) .+ costs?\b",
        r"[$€£%]|\d\s?(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds?|percent)\b|\b(?:EUR|USD|GBP|CHF)(?:\b[^;:]{0,30}:)?\s?\d",
        rf"(?i:\b{NUMBER}\b)",
    ),
    _expect(
        "measure",
        r"\bhow (?:long|soon|quickly|far|large|big|tall|high|deep|fast|wide|late|early|heavy|hot|cold)\b|\bwhat temperature\b",
        rf"(?i:\b{NUMBER}[\s-]*{UNIT}\b)",
        rf"(?i:\b{NUMBER}\b)",
    ),
    _expect(
        "number",
        r"\bhow (?:many|often|old)\b|\bwhat (?:is the |was the )?(?:number|percent\w*|proportion|population|age)\b",
        rf"(?i:\b{NUMBER}\b)|%",
        rf"{_PERIOD}",
    ),
    _expect(
        "date",
        r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade|time|era|period)\b|\bby what\b",
        _CALENDAR,
        _PERIOD,
    ),
    _expect("person", r"\bwho(?:m|se)?\b", rf"{_NAME}\s+(?:\w\.\s+)?{_NAME}", rf"\b{_NAME}|{_ROLE}"),
    _expect(
        "place",
        r"\bwhere\b|\b(?:what|which) (?:\w+ )?"
        r"(?:city|country|state|county|town|place|location|region|continent|village|river|room|site)\b",
        rf"\b(?:in|at|near|from|of|to|on|into|outside|across)\s+(?:the\s+)?{_NAME}",
        r"\b[A-ZÀ-Þ]|(?i:\b(?:room|office|site|building|floor|portal|intranet|page|folder|cabinet|lab)\b)",
    ),
    _expect(
        "reason",
        r"\bwhy\b|\bwhat (?:was|is) the (?:reason|cause)\b|\bwhat cause[sd]?\b",
        r"(?i:\b(?:because|due to|since|as a result|so that|in order to|therefore|reasons?|cause[sd]?|led to|owing)\b)",
        r"(?i:\bto (?:avoid|ensure|prevent|protect|keep|allow)\b|\bthus\b)",
    ),
)

_WORD = re.compile(r"\w[\w'’-]*")


def expectation(question: str) -> Expectation | None:
    """The first that fits, None for a question that could have any answer."""
    return next((expected for expected in EXPECTATIONS if expected.asked.search(question)), None)


def fulfilment(expected: Expectation | None, text: str, known: frozenset[str]) -> float:
    """1 when text surely holds what is expected, 0.5 likely or nothing is expected, 0 when it does not.

    `known` are the stems of the question: what the question says itself does not count.
    """
    if expected is None:
        return 0.5
    news = _WORD.sub(lambda word: "_" if stem(word[0].lower()) in known else word[0], text)
    return 1.0 if expected.sure.search(news) else 0.5 if expected.likely.search(news) else 0.0
