"""What every connector to a source must do: list it whole, tell what changed, give its bytes, and say what is wrong.

A connector joins with one fixture, `place`, that gives a `Place`, and an import of the tests:

    from tests.contracts.sources import *

Texts hold whole words only, so that a source which makes documents out of rows or messages can take part.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pytest

from stoa.domain.identity import Rights
from stoa.domain.sources import Connector, Entry
from stoa.errors import SourceError, Unreadable

__all__ = [
    "test_a_changed_document_has_another_version_and_its_new_bytes_are_fetched",
    "test_a_document_that_is_gone_is_named_when_it_is_fetched",
    "test_a_document_that_is_too_large_is_named",
    "test_a_listing_may_be_broken_off",
    "test_a_source_that_is_away_is_an_error_that_says_so",
    "test_an_empty_source_lists_nothing",
    "test_closing_twice_does_no_harm",
    "test_deep_long_and_foreign_paths_are_told_as_they_are",
    "test_documents_that_are_fetched_at_once_are_each_given_their_own_bytes",
    "test_rights_of_a_documents_own_are_listed_and_move_without_its_version",
    "test_testing_says_what_is_there_in_one_sentence",
    "test_the_bytes_come_with_the_version_that_was_listed",
    "test_what_is_known_already_is_not_fetched_again",
    "test_what_is_removed_is_no_longer_listed",
    "test_what_lies_there_is_listed_whole_and_each_path_once",
]


@dataclass(frozen=True)
class Traits:
    """What a kind of source has. `rights`: documents may say whom they are for. `paths`: any path can be asked for.
    `sized`: a document too large can be put there. `empties`: it may hold nothing at all."""

    rights: bool = True
    paths: bool = True
    sized: bool = True
    empties: bool = True


class Place(Protocol):
    """A source that a test can change. Paths in the calls are the test's; `path_of` says what the connector calls them."""

    traits: Traits

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        """Let this document be there, instead of one of the same path if there is one."""
        ...

    async def remove(self, path: str) -> None: ...

    async def vanish(self) -> None:
        """Let the source be out of reach from now on."""
        ...

    def path_of(self, path: str) -> str: ...

    async def connect(self, *, most_bytes: int = 1 << 20) -> Connector:
        """A connector of its own, which the test closes."""
        ...


FILES: Mapping[str, str] = {
    "readme.md": "Welcome to the handbook.",
    "policies/travel.md": "Fly economy.",
    "policies/leave.md": "Take thirty days.",
    "policies/it/passwords.md": "Never write them down.",
}


async def fill(place: Place, files: Mapping[str, str] = FILES) -> None:
    for path, text in files.items():
        await place.put(path, text)


async def listed(connector: Connector) -> dict[str, Entry]:
    found = [entry async for entry in connector.entries()]
    paths = [entry.path for entry in found]
    assert len(set(paths)) == len(paths), f"a path stands more than once: {sorted(paths)}"
    return {entry.path: entry for entry in found}


async def text_of(connector: Connector, entry: Entry, known: str | None = None) -> str | None:
    fetched = await connector.fetch(entry, known=known)
    return None if fetched is None else fetched.data.decode()


async def version_of(connector: Connector, entry: Entry) -> str:
    fetched = await connector.fetch(entry, known=None)
    assert fetched is not None
    return fetched.version


async def test_what_lies_there_is_listed_whole_and_each_path_once(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    for _ in range(2):
        entries = await listed(connector)
        assert set(entries) == {place.path_of(path) for path in FILES}
        for path, text in FILES.items():
            assert text in (await text_of(connector, entries[place.path_of(path)]) or "")
    await connector.close()


async def test_documents_that_are_fetched_at_once_are_each_given_their_own_bytes(place: Place) -> None:
    texts = {f"many/{number}.md": f"Nobody but number {number} says this. " * (number + 1) for number in range(12)}
    await fill(place, texts)
    connector = await place.connect()
    entries = await listed(connector)
    for _ in range(4):
        found = await asyncio.gather(*(text_of(connector, entries[place.path_of(path)]) for path in texts))
        for said, text in zip(found, texts.values(), strict=True):
            assert said is not None and text.strip() in said
    await connector.close()


async def test_an_empty_source_lists_nothing(place: Place) -> None:
    if not place.traits.empties:
        pytest.skip("such a source holds something at all times")
    connector = await place.connect()
    assert await listed(connector) == {}
    await connector.close()


async def test_the_bytes_come_with_the_version_that_was_listed(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    for entry in (await listed(connector)).values():
        fetched = await connector.fetch(entry, known=None)
        assert fetched is not None
        assert fetched.version
        assert entry.version in (None, fetched.version)
        assert entry.bytes in (None, len(fetched.data))
    await connector.close()


async def test_what_is_known_already_is_not_fetched_again(place: Place) -> None:
    await fill(place)
    first = await place.connect()
    versions = {path: await version_of(first, entry) for path, entry in (await listed(first)).items()}
    await first.close()
    second = await place.connect()  # another process, another day
    for path, entry in (await listed(second)).items():
        assert entry.version in (None, versions[path])
        assert await second.fetch(entry, known=versions[path]) is None
        assert await second.fetch(entry, known="another version") is not None
    await second.close()


async def test_a_changed_document_has_another_version_and_its_new_bytes_are_fetched(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    before = await listed(connector)
    path, other = place.path_of("policies/travel.md"), place.path_of("readme.md")
    old = {name: await version_of(connector, before[name]) for name in (path, other)}
    await place.put("policies/travel.md", "Fly backwards")  # as many letters as before
    after = await listed(connector)
    if after[path].version is not None:
        assert after[path].version != before[path].version
    assert after[other].version == before[other].version
    fetched = await connector.fetch(after[path], known=old[path])
    assert fetched is not None
    assert "Fly backwards" in fetched.data.decode()
    assert fetched.version != old[path]
    assert await connector.fetch(after[other], known=old[other]) is None
    await connector.close()


async def test_what_is_removed_is_no_longer_listed(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    assert place.path_of("readme.md") in await listed(connector)
    await place.remove("readme.md")
    assert set(await listed(connector)) == {place.path_of(path) for path in FILES if path != "readme.md"}
    await connector.close()


async def test_a_document_that_is_gone_is_named_when_it_is_fetched(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    entry = (await listed(connector))[place.path_of("readme.md")]
    await place.remove("readme.md")
    fresh = await place.connect()
    with pytest.raises(Unreadable) as refused:
        await fresh.fetch(entry, known=None)
    assert refused.value.message
    assert len(await listed(fresh)) == len(FILES) - 1
    await connector.close()
    await fresh.close()


async def test_a_document_that_is_too_large_is_named(place: Place) -> None:
    if not place.traits.sized:
        pytest.skip("such a source holds no large documents")
    await place.put("small.md", "Small.")
    await place.put("large.md", "Large words. " * 10_000)
    connector = await place.connect(most_bytes=50_000)
    entries = await listed(connector)
    with pytest.raises(Unreadable, match=r"50,000"):
        await connector.fetch(entries[place.path_of("large.md")], known=None)
    assert "Small." in (await text_of(connector, entries[place.path_of("small.md")]) or "")
    await connector.close()


async def test_deep_long_and_foreign_paths_are_told_as_they_are(place: Place) -> None:
    if not place.traits.paths:
        pytest.skip("such a source names its documents itself")
    deep = "/".join(f"folder {n:02}" for n in range(20)) + "/end.md"
    names = [
        "Übersicht/Größe & Maß.md",
        "日本語/規則.md",
        "emoji 🎉.md",
        "a+b=c%20d#e?.md",
        'it\'s "quoted".md',
        f"{'long' * 50}.md",
    ]
    paths = [*names, deep]
    for path in paths:
        await place.put(path, f"Words of {path}")
    connector = await place.connect()
    entries = await listed(connector)
    assert set(entries) == {place.path_of(path) for path in paths}
    for path in paths:
        assert f"Words of {path}" in (await text_of(connector, entries[place.path_of(path)]) or "")
    await connector.close()


async def test_rights_of_a_documents_own_are_listed_and_move_without_its_version(place: Place) -> None:
    if not place.traits.rights:
        pytest.skip("documents of such a source say nothing of their rights")
    hr, wide = Rights(frozenset({"group:hr", "user:ann"})), Rights(frozenset({"public"}), frozenset({"group:interns"}))
    await place.put("own.md", "For some.", hr)
    await place.put("none.md", "For all of the source.")
    connector = await place.connect()
    before = await listed(connector)
    own, none = place.path_of("own.md"), place.path_of("none.md")
    assert (before[own].rights, before[none].rights) == (hr, None)
    version = await version_of(connector, before[own])
    await place.put("own.md", "For some.", wide)
    after = (await listed(connector))[own]
    assert after.rights == wide
    assert await connector.fetch(after, known=version) is None
    await connector.close()


async def test_testing_says_what_is_there_in_one_sentence(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    said = await connector.test()
    assert said.strip() == said != ""
    assert "\n" not in said
    await connector.close()


async def test_a_source_that_is_away_is_an_error_that_says_so(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    entry = (await listed(connector))[place.path_of("readme.md")]
    await connector.close()
    await place.vanish()
    away = await place.connect()
    with pytest.raises(SourceError) as refused:
        await away.test()
    assert len(refused.value.message) > 20
    with pytest.raises(SourceError):
        await listed(away)
    await away.close()
    fresh = await place.connect()
    with pytest.raises((SourceError, Unreadable)):
        await fresh.fetch(entry, known=None)
    await fresh.close()


async def test_a_listing_may_be_broken_off(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    async for _ in connector.entries():
        break
    assert len(await listed(connector)) == len(FILES)
    await connector.close()


async def test_closing_twice_does_no_harm(place: Place) -> None:
    await fill(place)
    connector = await place.connect()
    await listed(connector)
    await connector.close()
    await connector.close()
    untouched = await place.connect()
    await untouched.close()
