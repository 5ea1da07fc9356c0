"""Which store the settings name."""

import importlib.util
import sys
from pathlib import Path

import pytest

from stoa.adapters.vectors.opening import open_index, place_of
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.errors import MissingExtra, SettingsError
from stoa.sections import VectorsSettings
from stoa.settings import Settings, effective


def test_nothing_heavy_is_loaded_before_it_is_used(tmp_path: Path) -> None:
    before = set(sys.modules)
    for url in (None, str(tmp_path), "http://127.0.0.1:19530"):
        open_index(VectorsSettings(url=url), tmp_path)
    assert {"pymilvus", "lancedb"} & (set(sys.modules) - before) == set()


async def test_the_folder_of_the_home_is_used_where_nothing_is_said(tmp_path: Path) -> None:
    index = open_index(VectorsSettings(), tmp_path / "home")
    assert await index.collections() == []
    assert await index.outdated() == []
    await index.close()


async def test_who_answers_questions_keeps_as_much_of_an_index_as_the_settings_say(tmp_path: Path) -> None:
    from stoa.adapters.vectors.lance import LanceIndex

    chunks = [
        Chunk(
            id=f"d{n}.0", document_id=f"d{n}", title="", path=f"d{n}.md", heading=(), page=None, start=0, end=4, context="",
            text=f"word{n}",
        )
        for n in range(500)
    ]  # fmt: skip
    writer = open_index(VectorsSettings(), tmp_path)
    await writer.replace("c", [], [IndexedChunk(chunk, [1.0, 0.0], frozenset({"a"})) for chunk in chunks])
    await writer.tend("c")
    await writer.close()
    kept = list[int]()
    for room in (1, 1_000_000):
        index = open_index(VectorsSettings(cache_bytes=room), tmp_path, searched=True)
        found = await index.lexical("c", "word7", [1.0, 0.0], acl=frozenset({"a"}), limit=1)
        assert [hit.passage.id for hit in found] == ["d7.0"]
        opened = await index.load()
        assert isinstance(opened, LanceIndex)
        kept.append(opened.kept_bytes)
        await index.close()
    assert kept[1] > kept[0] + 10_000


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'stoa\[milvus\]'"):
        open_index(VectorsSettings(url="http://127.0.0.1:19530"), tmp_path)


def test_a_place_is_the_same_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places = {place_of(VectorsSettings(url=url), tmp_path / "x") for url in (None, "x", str(tmp_path / "x"), "./x/")}
    assert places == {str(tmp_path / "x")}
    assert place_of(VectorsSettings(url="http://host:19530/"), tmp_path) == "http://host:19530"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host", "expected a folder, or a Milvus server"),
        ("http://", "expected a folder, or a Milvus server"),
        ("http://root:hunter2@host:19530", "must hold no user"),
        ("http://host:19530?token=hunter2", "must hold no user"),
    ],
)
def test_a_url_that_means_nothing_is_refused_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as found:
        VectorsSettings(url=url)
    assert "hunter2" not in found.value.message


def test_the_token_is_masked_where_settings_are_shown() -> None:
    assert effective(Settings(vectors=VectorsSettings(url="http://h:1", token="hunter2")))["vectors.token"] == "********"
