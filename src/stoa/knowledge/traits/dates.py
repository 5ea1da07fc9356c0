"""Dates in a text, as ISO writes them, where there is one way to read them: 14 March 2026, 14.03.2026, 2026-03, March 2026."""

import re
from collections.abc import Iterator
from datetime import date

MOST = 60
"""Dates kept of one text."""

_NAMES = {
    1: "january jan januar janvier enero gennaio januari",
    2: "february feb februar février fevrier febrero febbraio februari",
    3: "march mar märz maerz mars marzo maart",
    4: "april apr avril abril aprile",
    5: "may mai mayo maggio mei",
    6: "june jun juni juin junio giugno",
    7: "july jul juli juillet julio luglio",
    8: "august aug août aout agosto augustus",
    9: "september sep sept septembre septiembre settembre",
    10: "october oct oktober okt octobre octubre ottobre",
    11: "november nov novembre noviembre",
    12: "december dec dezember dez décembre decembre diciembre dicembre",
}
_MONTHS = {name: month for month, names in _NAMES.items() for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WORDS = frozenset(("may", "march", "mar", "mars"))
"""Months that are other words when they are written small."""

_YEAR = r"((?:19|20)\d\d)"
_FORMS = re.compile(
    rf"(?<![\w.-]){_YEAR}-(\d\d)(?:-(\d\d))?(?![\d-])"
    rf"|\b(\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?({_MONTH})\.?\s*(?:,|de\s)?\s*{_YEAR}\b"
    rf"|\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}\b"
    rf"|\b({_MONTH})\.?,?\s+(?:de\s+)?{_YEAR}\b"
    rf"|(?<![\w./])(\d{{1,2}})([./])(\d{{1,2}})[./]{_YEAR}(?!\w|[./]\d)",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:effective(?: from| date)?|valid from|in force (?:from|since)|last (?:updated|revised|modified)|updated|published|"
    r"issued|dated?|as of|gültig ab|stand|datum|en vigueur|date)\b\s*(?:on|from|:|\||vom)?\s*[:|]?\s*",
    re.IGNORECASE,
)
_HEAD = 3_000
"""Characters in which a document says of when it is."""

_FARTHEST = 12


def dates_in(text: str) -> tuple[str, ...]:
    """The dates that a text mentions, each once, earliest first; the first `MOST` that stand in it."""
    found: dict[str, None] = {}
    for _, iso in _dates(text):
        found[iso] = None
        if len(found) == MOST:
            break
    return tuple(sorted(found))


def date_said(text: str) -> str | None:
    """The date that a document gives itself near its beginning, as `Effective from: 1 July 2024` does."""
    head = text[:_HEAD]
    dates = dict(_dates(head))
    for said in _SAID.finditer(head):
        near = [at for at in dates if said.end() <= at <= said.end() + _FARTHEST]
        if near:
            return dates[min(near)]
    return None


def _dates(text: str) -> Iterator[tuple[int, str]]:
    """Places and dates."""
    for match in _FORMS.finditer(text):
        (year, month, day, day2, name2, year2, name3, day3, year3, name4, year4, day5, mark5, month5, year5) = match.groups()
        if year:
            iso = _iso(year, int(month), day)
        elif name2:
            iso = _iso(year2, _MONTHS[name2.lower()], day2)
        elif name3:
            iso = _iso(year3, _MONTHS[name3.lower()], day3)
        elif name4:
            if name4 in _WORDS:
                continue
            iso = _iso(year4, _MONTHS[name4.lower()], None)
        elif mark5 == "." or int(day5) > 12:  # with strokes it is clear which is the day only beyond the twelfth
            iso = _iso(year5, int(month5), day5)
        else:
            iso = _iso(year5, int(day5), month5) if int(month5) > 12 else None
        if iso:
            yield match.start(), iso


def _iso(year: str, month: int, day: str | None) -> str | None:
    try:
        found = date(int(year), month, int(day) if day else 1)
    except ValueError:
        return None
    return found.isoformat() if day else found.isoformat()[:7]
