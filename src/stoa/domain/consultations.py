"""How much a collection is asked: questions, passages cited, and questions that found no answer."""

import msgspec


class ConsultedDay(msgspec.Struct, frozen=True):
    """One day in UTC, as its first millisecond. `unanswered` are answers that cite nothing, of this collection or another."""

    at_ms: int
    questions: int
    found: int
    cited: int
    unanswered: int


class CitedDocument(msgspec.Struct, frozen=True):
    """How many answers cite a document, and how many of its passages they cite in all."""

    document_id: str
    answers: int
    passages: int
