"""Narrowing documents down by what is known of them: for search, for lists and for doing some again."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from stoa.domain.documents import Document, DocumentState
from stoa.domain.traits import Traits


class DocumentFilter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which documents are meant: all that fit every field given; a field of several values fits by any of them.

    `path` are globs over the whole path, where `*` crosses folders. `since` and `until` are ISO dates, both included, held
    against the document's own date; a document without one does not fit. `parser_before` is a version: those read by an older
    one. `unread` is whether pages gave no text, `duplicate` whether an older document says almost the same (hold it against
    documents as the asker is told of them, `DocumentStore.told`), and `personal` a kind of personal data that occurs. Words are
    compared without case.
    """

    state: tuple[DocumentState, ...] = ()
    source: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    parser_before: int | None = None
    unread: bool | None = None
    duplicate: bool | None = None

    @property
    def all(self) -> bool:
        """Whether every document fits."""
        return self == EVERY

    def holds(self, document: Document) -> bool:
        """Whether the document is meant."""
        traits = document.traits or Traits()
        return (
            _one_of(self.state, document.state)
            and _one_of(self.source, document.source)
            and (not self.path or any(fnmatchcase(document.path, glob) for glob in self.path))
            and _any_of(self.kind, (traits.kind or document.path.rpartition(".")[2],))
            and _any_of(self.language, filter(None, (traits.language,)))
            and _any_of(self.keyword, traits.keywords)
            and _any_of(self.entity, traits.entities)
            and _any_of(self.personal, traits.personal)
            and self._dated(traits.date)
            and (self.parser_before is None or _version(traits.parser) < self.parser_before)
            and (self.unread is None or self.unread == bool(traits.unread))
            and (self.duplicate is None or self.duplicate == (traits.duplicate_of is not None))
        )

    def _dated(self, date: str | None) -> bool:
        """Dates of different precision meet where they overlap: all of 2026 is since 2026-03 as well as until 2026-03."""
        if self.since is None and self.until is None:
            return True
        if date is None:
            return False
        since, until = self.since or date, self.until or date
        return date >= since[: len(date)] and date[: len(until)] <= until


EVERY = DocumentFilter()
"""Means all."""


def _one_of(wanted: tuple[str, ...], found: str) -> bool:
    return not wanted or found in wanted


def _any_of(wanted: tuple[str, ...], found: Iterable[str]) -> bool:
    return not wanted or not {word.casefold() for word in wanted}.isdisjoint(word.casefold() for word in found)


def _version(parser: str) -> int:
    """0 for what was read before versions were kept."""
    return int(parser) if parser.isdecimal() else 0
