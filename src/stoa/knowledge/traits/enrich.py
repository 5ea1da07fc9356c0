"""What is found out about a document beside its text, once it is read. Decided from the text alone, with no model."""

from collections.abc import Sequence
from functools import cache
from pathlib import PurePosixPath

from stoa.domain.documents import ParsedDocument
from stoa.domain.traits import Traits
from stoa.guards.finding import Detector, Finding
from stoa.knowledge.traits.dates import date_said, dates_in
from stoa.knowledge.traits.entities import entities_of
from stoa.knowledge.traits.keywords import Rarity, keywords_of
from stoa.knowledge.traits.language import language_of

_MOST_CHARACTERS = 2_000_000
"""Of a text that is looked through; the rest of a longer one is as the beginning, as a rule."""


def enrich(document: ParsedDocument, *, path: str, rarity: Rarity) -> Traits:
    """The traits of a document but for its versions and what it is a duplicate of."""
    text = document.text[:_MOST_CHARACTERS]
    language = None if document.kind == "code" else language_of(text)
    prose = document.kind != "code"
    found = _personal().find(text)
    shown = _without(text, found)
    headings = [document.title, *(heading.text for heading in document.headings)]
    return Traits(
        kind=PurePosixPath(path.lower()).suffix.removeprefix("."),
        language=language,
        date=(date_said(text) if document.kind != "rows" else None) or document.date,
        dates=dates_in(text) if prose else (),
        keywords=keywords_of(shown, headings, rarity=rarity),
        entities=entities_of(shown, language=language) if prose else (),
        personal=tuple(sorted({finding.kind for finding in found})),
        unread=document.unread,
        notes=document.notes,
        reader=document.reader,
    )


def _without(text: str, findings: Sequence[Finding]) -> str:
    """The text with a full stop in the place of personal data, which is to stand in no list of names or words."""
    kept, at = list[str](), 0
    for finding in findings:
        kept.append(text[at : finding.start])
        at = finding.end
    return ". ".join([*kept, text[at:]])


@cache
def _personal() -> Detector:
    from stoa.guards.personal.detector import PersonalData

    return PersonalData()
