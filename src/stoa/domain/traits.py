"""What is found out about a document when it is read, beside its text: kept in its row, shown, and searched by.

Nothing here is needed to answer a question; each field is left empty where its rule is not sure.
"""

import msgspec


class Traits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The traits of one document. Dates are ISO and may be a year or a month alone: 2026, 2026-03, 2026-03-14.

    `kind` is the ending of its name, `language` an ISO 639-1 code, `date` the document's own, `dates` those that its text
    mentions. `personal` are the kinds of personal data in it, such as EMAIL_ADDRESS, never the data. `duplicate_of` is the id
    of an older document of the collection that says almost the same. `unread` are 1-based pages that gave no text, and `notes`
    what its reader has to say about it.

    `parser`, `chunker` and `embedder` are the versions that made what the index holds, and `reader` the programs that read it.
    """

    kind: str = ""
    language: str | None = None
    date: str | None = None
    dates: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    duplicate_of: str | None = None
    unread: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    parser: str = ""
    chunker: str = ""
    embedder: str = ""
    reader: str = ""


class Sketch(msgspec.Struct, frozen=True):
    """A text's MinHash: `values` of its signature, and `bands`, of which two texts that say almost the same share one."""

    values: tuple[int, ...]
    bands: tuple[int, ...]
