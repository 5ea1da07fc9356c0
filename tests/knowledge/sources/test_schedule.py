"""When sources are synced by themselves."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.knowledge.sourced import COLLECTION, SOURCE, Sourced
from tests.tables import with_tables

from stoa.adapters.database.opening import opener
from stoa.adapters.database.syncs import SourceRecords, SyncTables
from stoa.domain.resources import Source
from stoa.domain.sources import Push
from stoa.domain.syncs import Applied, Sync, SyncCause
from stoa.knowledge.sources.beginning import RETRY_MS, next_sync
from stoa.knowledge.sources.schedule import Schedule

MINUTE = 60_000
AT = 10 * MINUTE


def due(last: Sync | None, **fields: object) -> tuple[int, SyncCause] | None:
    source = msgspec.structs.replace(SOURCE, **fields)
    return next_sync(Applied(source, COLLECTION, 5 * MINUTE), last)


def ended(**fields: object) -> Sync:
    sync = Sync(
        id="job_1", source="wiki", collection="handbook", cause="due", state="succeeded", started_at=AT, ended_at=AT + MINUTE
    )
    return msgspec.structs.replace(sync, **fields)


def test_a_source_without_a_time_waits_to_be_asked() -> None:
    assert due(None) is None
    assert due(ended()) is None


def test_the_first_sync_of_one_with_a_time_is_due_at_once_and_the_next_after_its_interval() -> None:
    assert due(None, every="1h") == due(None, watch=True) == (5 * MINUTE, "due")
    assert due(ended(), every="1h") == (AT + 60 * MINUTE, "due")
    assert due(ended(), watch=True) is None


def test_what_failed_is_tried_again_sooner_but_not_sooner_than_asked() -> None:
    assert due(ended(state="failed"), every="1d") == (AT + MINUTE + RETRY_MS, "due")
    assert due(ended(state="failed"), every="1m") == (AT + MINUTE, "due")
    assert due(ended(state="failed")) is None
    assert due(ended(state="unconfirmed"), every="1d") == (AT + 24 * 60 * MINUTE, "due")


def test_a_source_applied_anew_is_synced_even_if_it_has_no_time() -> None:
    assert due(ended(started_at=4 * MINUTE)) == (5 * MINUTE, "changed")


def test_what_was_held_back_is_fetched_when_its_hours_begin() -> None:
    assert due(ended(held_back=3), every="1d", window="03:00-04:00") == (3 * 60 * MINUTE, "due")
    assert due(ended(), every="1d", window="03:00-04:00") == (AT + 24 * 60 * MINUTE, "due")


def test_a_paused_or_pushed_source_begins_nothing() -> None:
    assert due(None, every="1h", paused=True) is None
    assert due(ended(started_at=4 * MINUTE), origin=Push()) is None


@pytest.fixture
async def wiki(tmp_path: Path) -> AsyncIterator[Sourced]:
    database = await with_tables(f"sqlite:///{tmp_path / 'db'}")
    sourced = Sourced(database)
    sourced.place.files["a.md"] = b"Alpha."
    yield sourced
    await database.close()


def schedule(wiki: Sourced) -> Schedule:
    stores = SyncTables
    read, write = opener(wiki.database.read, stores), opener(wiki.database.write, stores)
    return Schedule(read, write, SourceRecords(wiki.database), lambda: wiki.now)


async def look(wiki: Sourced, *moved: str) -> list[SyncCause]:
    found = schedule(wiki)
    return [sync.cause for sync in await found.begin_due(await found.applied(), moved)]


async def test_several_who_look_begin_one_sync(wiki: Sourced) -> None:
    await wiki.apply(every="1h")
    assert [await look(wiki) for _ in range(3)] == [["due"], [], []]
    await wiki.do()
    assert await look(wiki) == []
    wiki.now += 61 * MINUTE
    assert await look(wiki) == ["due"]
    await wiki.do()


async def test_a_folder_that_changed_is_synced_when_the_sync_under_way_has_ended(wiki: Sourced) -> None:
    await wiki.apply(watch=True)
    assert await look(wiki, "wiki") == ["watched"]
    assert await look(wiki, "wiki") == []
    await wiki.do()
    assert await look(wiki, "wiki") == ["watched"]
    await wiki.do()
    await wiki.apply(paused=True)
    assert await look(wiki, "wiki") == []


async def test_a_source_that_is_gone_is_no_source(wiki: Sourced) -> None:
    await wiki.apply(every="1h")
    await wiki.delete()
    assert await look(wiki) == []
    assert isinstance(wiki.source, Source)
