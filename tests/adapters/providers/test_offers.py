"""The guide's table of what each kind of provider offers is what the code offers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.adapters.providers.scripted import connected

from stoa.adapters.providers.litellm_sdk import LitellmLink
from stoa.adapters.providers.litellm_thread import SdkThread
from stoa.adapters.providers.memory import MemoryUpstreams, Scripted
from stoa.adapters.providers.table import ProviderTable
from stoa.dialects import embeddings
from stoa.domain.operations import ClientForm
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Model
from stoa.domain.upstream import Door, Link

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "providers.md"
FORMS: tuple[ClientForm, ...] = get_args(ClientForm)
COLUMNS: dict[str, Door] = {
    "embeddings": "embedding", "rerank": "rerank", "moderations": "moderation", "images": "image", "edits": "image_edit",
    "variations": "image_variation", "speech": "speech", "transcriptions": "transcription", "translations": "translation",
}  # fmt: skip
"""The table's columns beside those of text."""


@pytest.fixture
def table() -> Iterator[ProviderTable]:
    made = ProviderTable(MemoryUpstreams(lambda sent: Scripted()))
    yield made
    made.close()


def link_of(table: ProviderTable, kind: ProviderType) -> Link:
    """A link that is never asked; litellm's without its package."""
    if kind == "litellm":
        return LitellmLink(SdkThread(), {}, frozenset())
    return table.link(*connected(kind, "http://upstream/v1"))


def offered(link: Link) -> dict[str, str]:
    """A row of the table."""

    def cell(door: Door) -> str:
        if link.door(door, "titan-embed", stream=False) is None:
            return "-"
        ranks = link.facts(Model(name="m", provider="p")).rerank
        foreign = (door == "embedding" and link.form in embeddings.FORMS) or (door == "rerank" and ranks != "jina")
        return "translated" if foreign else "yes"

    native = ", ".join(form for form in FORMS if form in link.native)
    counts = link.door("count_tokens", "m", stream=False) is not None
    row = {"passes untouched": native or "-", "count_tokens": "asked" if counts else "estimated"}
    return row | {name: cell(door) for name, door in COLUMNS.items()}


def rows(page: str) -> dict[str, dict[str, str]]:
    """The rows of the table whose last column is that of translations."""
    lines: list[list[str]] = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")
    ]
    start = next(place for place, cells in enumerate(lines) if cells[-1] == "translations")
    head: Any = lines[start]
    found: dict[str, dict[str, str]] = {}
    for cells in lines[start + 2 :]:
        if len(cells) != len(head):
            break
        found[cells[0]] = dict(zip(head[1:], cells[1:], strict=True))
    return found


def test_the_guide_has_a_row_for_each_kind() -> None:
    assert set(rows(GUIDE.read_text(encoding="utf-8"))) == set(get_args(ProviderType))


@pytest.mark.parametrize("kind", get_args(ProviderType))
def test_the_guide_says_what_each_kind_offers(table: ProviderTable, kind: ProviderType) -> None:
    assert rows(GUIDE.read_text(encoding="utf-8"))[kind] == offered(link_of(table, kind))


@pytest.mark.parametrize("kind", get_args(ProviderType))
def test_every_kind_but_tei_answers_chat(table: ProviderTable, kind: ProviderType) -> None:
    link = link_of(table, kind)
    chats = link.door("messages" if link.form == "messages" else "chat", "m", stream=True) is not None
    assert chats == (kind != "tei")
