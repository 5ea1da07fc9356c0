"""Syncs of sources: what they bring, follow and take away, and what nothing makes them do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.knowledge.sourced import Sourced, counted
from tests.tables import with_tables

from stoa.adapters.database.ledgers import JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.domain.documents import raw_name
from stoa.domain.identity import Rights
from stoa.domain.sources import Plugin

FILES = {
    "readme.md": b"Welcome to the handbook.",
    "policies/travel.md": b"Fly economy on journeys.",
    "policies/leave.md": b"Take thirty days of leave.",
}
HR = Rights(frozenset({"group:hr"}))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def wiki(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sourced]:
    url = f"sqlite:///{tmp_path / 'db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = await with_tables(url)
    sourced = Sourced(database)
    sourced.place.files.update(FILES)
    await sourced.apply()
    yield sourced
    await database.close()


async def test_a_first_sync_brings_all_and_it_is_found(wiki: Sourced) -> None:
    sync = await wiki.sync()
    assert (sync.state, counted(sync)) == ("succeeded", {"listed": 3, "added": 3})
    assert sync.bytes == sum(len(data) for data in FILES.values())
    documents = await wiki.documents()
    assert {path: document.state for path, document in documents.items()} == dict.fromkeys(FILES, "indexed")
    assert await wiki.found("economy journeys") == set(FILES)
    for path, document in documents.items():
        assert await wiki.objects.get(raw_name(document.digest)) == FILES[path]


async def test_a_sync_of_what_did_not_change_fetches_and_writes_nothing(wiki: Sourced) -> None:
    await wiki.sync()
    before = await wiki.documents()
    wiki.place.fetched.clear()
    sync = await wiki.sync()
    assert (sync.idle, counted(sync), wiki.place.fetched) == (True, {"listed": 3}, [])
    assert await wiki.documents() == before


async def test_only_what_is_new_or_changed_is_fetched_and_what_is_gone_is_taken_away(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.fetched.clear()
    wiki.place.files |= {"policies/travel.md": b"Take the train.", "new.md": b"Something new."}
    del wiki.place.files["readme.md"]
    sync = await wiki.sync()
    assert counted(sync) == {"listed": 3, "added": 1, "changed": 1, "removed": 1}
    assert sorted(wiki.place.fetched) == ["new.md", "policies/travel.md"]
    assert set(await wiki.documents()) == set(wiki.place.files)
    assert await wiki.found("train") == set(wiki.place.files)


async def test_a_source_that_knows_no_versions_is_asked_but_sends_nothing_twice(wiki: Sourced) -> None:
    wiki.place.versioned = False
    await wiki.sync()
    wiki.place.fetched.clear()
    assert counted(await wiki.sync()) == {"listed": 3}
    assert wiki.place.fetched == []
    wiki.place.files["readme.md"] = b"Welcome again."
    assert counted(await wiki.sync()) == {"listed": 3, "changed": 1}


async def test_a_touched_file_of_the_same_bytes_changes_nothing(wiki: Sourced) -> None:
    await wiki.sync()
    before = await wiki.documents()
    await wiki.apply(origin=Plugin(plugin="attic", options={"moved": True}))  # versions mean nothing at another place
    wiki.place.fetched.clear()
    sync = await wiki.sync()
    assert sorted(wiki.place.fetched) == sorted(FILES)
    assert (counted(sync), await wiki.documents()) == ({"listed": 3}, before)


async def test_moved_rights_are_followed_without_fetching_before_their_job_is_handed_over(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.fetched.clear()
    wiki.events.clear()
    wiki.place.rights["policies/travel.md"] = HR
    begun = await wiki.begin()
    assert begun is not None
    assert await wiki.work.plan(begun.id) == ["rights"]
    await wiki.work.part(begun.id, "rights")
    assert wiki.events == ["in force"]
    assert await wiki.found("economy") == set(FILES) - {"policies/travel.md"}
    assert await wiki.found("economy", "group:hr") == {"policies/travel.md"}
    await wiki.do()
    sync = await wiki.known(begun.id)
    assert (counted(sync), wiki.place.fetched) == ({"listed": 3, "rights_moved": 1}, [])
    assert sync.acl_lag_ms is not None


async def test_text_that_changed_with_its_rights_goes_to_neither_readers_while_it_is_indexed(wiki: Sourced) -> None:
    await wiki.apply(window="03:00-04:00")
    await wiki.sync("asked")
    wiki.place.files["policies/travel.md"] = b"Nothing secret any more."
    wiki.place.rights["policies/travel.md"] = Rights(frozenset({"public"}))
    begun = await wiki.begin()  # outside its hours: rights do not wait
    assert begun is not None
    for part in await wiki.work.plan(begun.id):
        await wiki.work.part(begun.id, part)
    assert "policies/travel.md" not in await wiki.found("secret") | await wiki.found("secret", "public")
    await wiki.do()
    assert await wiki.found("secret", "public") == {"policies/travel.md"}
    assert counted(await wiki.known(begun.id)) == {"listed": 3, "changed": 1, "rights_moved": 1}


async def test_rights_of_the_source_and_of_its_documents_come_together(wiki: Sourced) -> None:
    await wiki.apply(allow=("group:staff",), deny=("user:bob",))
    wiki.place.rights |= {
        "readme.md": Rights(frozenset({"public"})),
        "policies/leave.md": Rights(frozenset(), frozenset({"user:eve"})),
    }
    await wiki.sync()
    assert {path: each.rights for path, each in (await wiki.documents()).items()} == {
        "readme.md": Rights(frozenset({"public"}), frozenset({"user:bob"})),
        "policies/leave.md": Rights(frozenset({"group:staff"}), frozenset({"user:bob", "user:eve"})),
        "policies/travel.md": Rights(frozenset({"group:staff"}), frozenset({"user:bob"})),
    }
    await wiki.apply(allow=("group:hr",))
    assert counted(await wiki.sync()) == {"listed": 3, "rights_moved": 2}


async def test_a_poisoned_or_too_large_document_is_named_and_the_rest_comes(wiki: Sourced) -> None:
    wiki.place.files |= {"large.md": b"x" * 1001, "bad.pdf": b"%PDF-1.4 nonsense", "locked.md": b"x"}
    wiki.place.poisoned["locked.md"] = "It may not be read: permission denied."
    sync = await wiki.sync()
    assert (sync.state, counted(sync)) == ("succeeded", {"listed": 6, "added": 4, "failed": 2})
    documents = await wiki.documents()
    failed = {path: each.error for path, each in documents.items() if each.state == "failed"}
    assert set(failed) == {"large.md", "bad.pdf", "locked.md"}
    assert "1,001 bytes" in (failed["large.md"] or "")
    assert "permission denied" in (failed["locked.md"] or "")
    assert set(await wiki.found("economy")) == set(FILES)
    again = await wiki.sync()
    assert (counted(again), await wiki.documents()) == ({"listed": 6, "failed": 2}, documents)
    wiki.place.poisoned.clear()
    wiki.place.files["large.md"] = b"Small now."
    assert counted(await wiki.sync()) == {"listed": 6, "changed": 2}
    assert {path for path, each in (await wiki.documents()).items() if each.state == "failed"} == {"bad.pdf"}


async def test_what_could_not_be_read_is_read_again_when_somebody_asks(wiki: Sourced) -> None:
    wiki.place.files["bad.pdf"] = b"%PDF-1.4 nonsense"
    await wiki.sync()
    before = (await wiki.documents())["bad.pdf"]
    await wiki.sync("due")
    assert (await wiki.documents())["bad.pdf"] == before
    await wiki.sync("asked")
    assert (await wiki.documents())["bad.pdf"].job_id != before.job_id


async def test_a_failed_document_whose_rights_move_still_says_why(wiki: Sourced) -> None:
    wiki.place.files["bad.pdf"] = b"%PDF-1.4 nonsense"
    await wiki.sync()
    why = (await wiki.documents())["bad.pdf"].error
    wiki.place.rights["bad.pdf"] = HR
    await wiki.sync()
    found = (await wiki.documents())["bad.pdf"]
    assert (found.state, found.error, found.rights) == ("failed", why, HR)


async def test_a_source_that_is_away_fails_and_changes_nothing(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.away = "The attic is locked."
    sync = await wiki.sync()
    assert (sync.state, sync.message) == ("failed", "The attic is locked.")
    assert await wiki.found("economy") == set(FILES)
    job = await JobRecords(wiki.database).get(sync.id)
    assert job is not None
    assert (job.state, job.message) == ("failed", "The attic is locked.")


async def test_a_source_that_cannot_be_listed_whole_brings_what_was_seen_and_removes_nothing(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.files["a-new-one.md"] = b"New."
    del wiki.place.files["policies/leave.md"]
    wiki.place.breaks_after = 2
    sync = await wiki.sync()
    assert (sync.state, counted(sync)) == ("failed", {"listed": 2, "added": 1})
    assert "broke off after 2" in (sync.message or "")
    assert "nothing was removed" in (sync.message or "")
    assert set(await wiki.documents()) == {*FILES, "a-new-one.md"}
    wiki.place.breaks_after = None
    assert counted(await wiki.sync()) == {"listed": 3, "removed": 1}


async def test_more_removals_than_are_likely_wait_until_they_are_confirmed(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.files.clear()
    wiki.place.files["new.md"] = b"New."
    sync = await wiki.sync()
    assert (sync.state, counted(sync)) == ("unconfirmed", {"listed": 1, "added": 1})
    assert "3 of its 3 documents" in (sync.message or "")
    assert "stoa source sync wiki --confirm-removals" in (sync.message or "")
    assert set(await wiki.documents()) == {*FILES, "new.md"}
    confirmed = await wiki.sync("asked", confirmed=True)
    assert (confirmed.state, counted(confirmed)) == ("succeeded", {"listed": 1, "removed": 3})
    assert await wiki.found("economy") == {"new.md"}


async def test_outside_its_hours_a_source_follows_rights_and_removals_and_holds_back_the_rest(wiki: Sourced) -> None:
    await wiki.apply(window="03:00-04:00")  # the clock of the test stands at a quarter past midnight
    held = await wiki.sync()
    assert counted(held) == {"listed": 3, "held_back": 3}
    wiki.now += 3 * 3_600_000
    assert counted(await wiki.sync()) == {"listed": 3, "added": 3}
    wiki.now += 3_600_000
    wiki.place.rights["readme.md"] = HR
    wiki.place.files["new.md"] = b"New."
    del wiki.place.files["policies/leave.md"]
    assert counted(await wiki.sync()) == {"listed": 3, "removed": 1, "rights_moved": 1, "held_back": 1}
    assert counted(await wiki.sync("asked")) == {"listed": 3, "added": 1}


async def test_patterns_say_which_paths_are_of_the_source(wiki: Sourced) -> None:
    await wiki.apply(include=("policies/*",), exclude=("*/leave.md",))
    assert counted(await wiki.sync()) == {"listed": 1, "added": 1}
    assert set(await wiki.documents()) == {"policies/travel.md"}


async def test_a_path_that_can_be_no_documents_is_said_and_passed_over(wiki: Sourced) -> None:
    wiki.place.files["../../etc/passwd"] = b"root"
    sync = await wiki.sync()
    assert (sync.state, counted(sync)) == ("succeeded", {"listed": 3, "added": 3, "failed": 1})
    assert "'../../etc/passwd'" in (sync.message or "")


async def test_one_source_is_never_synced_twice_at_once(wiki: Sourced) -> None:
    assert await wiki.begin() is not None
    assert await wiki.begin() is None
    await wiki.do()
    assert await wiki.begin() is not None
    await wiki.do()


async def test_a_part_that_runs_again_after_a_crash_counts_and_brings_nothing_twice(wiki: Sourced) -> None:
    begun = await wiki.begin()
    assert begun is not None
    parts = [part for part in await wiki.work.plan(begun.id) for _ in range(2)]
    for part in parts:
        await wiki.syncing().part(begun.id, part)
    await wiki.syncing().finish(begun.id, None)
    await wiki.do()
    assert counted(await wiki.known(begun.id)) == {"listed": 3, "added": 3}
    assert sorted(wiki.place.fetched) == sorted(FILES)
    assert {each.state for each in (await wiki.documents()).values()} == {"indexed"}


async def test_a_job_that_was_committed_but_not_handed_over_is_handed_over_by_the_next_process(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.rights["readme.md"] = HR
    begun = await wiki.begin()
    assert begun is not None
    await wiki.work.plan(begun.id)
    broken = wiki.syncing()
    broken._hand_over = _dies  # type: ignore[method-assign]
    with pytest.raises(_DiedError):
        await broken._follow(*(await broken._sync(begun.id)))
    assert "readme.md" in await wiki.found("welcome")
    await wiki.syncing().part(begun.id, "rights")
    assert "readme.md" not in await wiki.found("welcome")
    await wiki.syncing().finish(begun.id, None)
    await wiki.do()
    assert counted(await wiki.known(begun.id)) == {"listed": 3, "rights_moved": 1}
    assert (await wiki.known(begun.id)).open_job is None


class _DiedError(Exception):
    pass


async def _dies(*_: object, **__: object) -> None:
    raise _DiedError


async def test_a_cancelled_sync_ends_and_keeps_what_it_brought(wiki: Sourced) -> None:
    begun = await wiki.begin()
    assert begun is not None
    await wiki.work.plan(begun.id)
    async with wiki.database.write() as connection:
        await DatabaseLibrary(connection).jobs.cancel(begun.id)
    await wiki.do()
    sync = await wiki.known(begun.id)
    assert (sync.state, sync.ended_at is not None) == ("cancelled", True)
    assert await wiki.documents() == {}
    assert counted(await wiki.sync()) == {"listed": 3, "added": 3}


async def test_a_deleted_source_takes_its_documents_along(wiki: Sourced) -> None:
    await wiki.sync()
    await wiki.delete()
    assert await wiki.documents() == {}
    assert await wiki.found("economy") == set()
    (last, *_) = await wiki.history()
    assert (last.cause, last.state, counted(last)) == ("removed", "succeeded", {"removed": 3})


async def test_a_source_deleted_while_it_is_synced_is_withdrawn_all_the_same(wiki: Sourced) -> None:
    begun = await wiki.begin()
    assert begun is not None
    for part in await wiki.work.plan(begun.id):
        await wiki.work.part(begun.id, part)
    await wiki.delete()
    assert await wiki.documents() == {}


async def test_of_idle_syncs_in_a_row_the_last_one_is_kept(wiki: Sourced) -> None:
    await wiki.sync("asked")
    for _ in range(4):
        await wiki.sync("due")
    assert [each.cause for each in await wiki.history()] == ["due", "asked"]
    async with wiki.database.read() as connection:
        jobs = await DatabaseLibrary(connection).jobs.page()
    assert [job.kind for job in jobs].count("sync") == 2


async def test_documents_cut_otherwise_than_the_collection_now_says_are_left_to_a_new_index(wiki: Sourced) -> None:
    await wiki.sync()
    wiki.place.fetched.clear()
    async with wiki.database.write() as connection:
        from stoa.adapters.database.desired import ResourceTable
        from stoa.domain.resources import Collection

        await ResourceTable(connection).save(Collection(name="handbook", team="company", chunk_tokens=64), now_ms=1, by="x")
    before = {path: each.indexed_as for path, each in (await wiki.documents()).items()}
    assert counted(await wiki.sync()) == {"listed": 3}
    after = {path: each.indexed_as for path, each in (await wiki.documents()).items()}
    assert wiki.place.fetched == []
    assert before == after


async def test_many_documents_are_brought_in_parts(wiki: Sourced) -> None:
    wiki.place.files |= {f"many/{n:04}.md": f"Document {n}".encode() for n in range(150)}
    begun = await wiki.begin()
    assert begun is not None
    assert await wiki.work.plan(begun.id) == ["rights", "1", "2", "3"]
    await wiki.do()
    assert counted(await wiki.known(begun.id)) == {"listed": 153, "added": 153}
    job = await JobRecords(wiki.database).get(begun.id)
    assert job is not None
    assert (job.total, job.done, job.failed) == (153, 153, 0)
