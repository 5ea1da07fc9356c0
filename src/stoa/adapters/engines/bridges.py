"""Whether two passages belong together for a question: one names what the other is about, or the question names both.

`Roland Deschain is a character of The Dark Tower` leads to the passage on The Dark Tower. Titles tell what passages are about,
so documents without them are never joined here.
"""

import re

_BRACKETS = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[^\W_]+")


def belong_together(question: str, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Each is a title, headings after ` > `, and a text. Two passages of one document are none."""
    subject, others = _subject(one[0]), _subject(other[0])
    if not subject or not others or subject == others:
        return False
    leads = _named(others, " ".join(one)) or _named(subject, " ".join(other))
    return leads or (_named(subject, question) and _named(others, question))


def _subject(title: str) -> str:
    """The words of a document's title without what stands in brackets: `allure` of `Allure (magazine) > History`."""
    return _plain(_BRACKETS.sub(" ", title.partition(" > ")[0]))


def _named(subject: str, text: str) -> bool:
    return f" {subject} " in f" {_plain(text)} "


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
