"""Which documents a filter means."""

import pytest

from stoa.domain.documents import Document
from stoa.domain.narrowing import DocumentFilter
from stoa.domain.traits import Traits


def document(path: str = "hr/leave.pdf", traits: Traits | None = None) -> Document:
    return Document(
        id="doc_1", collection="c", source="handbook", path=path, title="t", digest="0" * 64, bytes=1,
        acl=frozenset({"public"}), state="indexed", traits=traits, created_at=0, updated_at=0,
    )  # fmt: skip


def test_no_filter_means_every_document() -> None:
    assert DocumentFilter().all
    assert DocumentFilter().holds(document())
    assert not DocumentFilter(path=("x",)).all


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (DocumentFilter(path=("hr/*",)), True),
        (DocumentFilter(path=("*.pdf",)), True),
        (DocumentFilter(path=("HR/*",)), False),
        (DocumentFilter(source=("other", "handbook")), True),
        (DocumentFilter(state=("failed",)), False),
        (DocumentFilter(kind=("PDF",)), True),
        (DocumentFilter(language=("de", "en")), True),
        (DocumentFilter(language=("fr",)), False),
        (DocumentFilter(keyword=("Leave",)), True),
        (DocumentFilter(entity=("basel",)), True),
        (DocumentFilter(personal=("IBAN",)), False),
        (DocumentFilter(unread=True), False),
        (DocumentFilter(duplicate=False), True),
        (DocumentFilter(parser_before=3), True),
        (DocumentFilter(parser_before=2), False),
        (DocumentFilter(path=("hr/*",), language=("fr",)), False),
    ],
)
def test_every_field_must_fit_and_any_value_of_it(wanted: DocumentFilter, holds: bool) -> None:
    traits = Traits(language="en", keywords=("leave",), entities=("Basel",), personal=("EMAIL_ADDRESS",), parser="2")
    assert wanted.holds(document(traits=traits)) is holds


@pytest.mark.parametrize(
    ("date", "since", "until", "holds"),
    [
        ("2026-03-14", "2026-03-14", None, True),
        ("2026-03-14", "2026-03-15", None, False),
        ("2026-03-14", None, "2026-03", True),
        ("2026-03-14", None, "2026-02", False),
        ("2026", "2026-03", None, True),
        ("2026", None, "2025-12-31", False),
        (None, "2000", None, False),
    ],
)
def test_dates_meet_where_they_overlap(date: str | None, since: str | None, until: str | None, holds: bool) -> None:
    assert DocumentFilter(since=since, until=until).holds(document(traits=Traits(date=date))) is holds


def test_what_was_read_before_versions_were_kept_is_older_than_any() -> None:
    assert DocumentFilter(parser_before=1).holds(document())
    assert not DocumentFilter(language=("en",)).holds(document())
