"""What goes when its time is over: jobs and syncs, but for what is still asked for."""

from sqlalchemy import insert, select

from stoa.adapters.database import Database
from stoa.adapters.database.opening import opener
from stoa.adapters.database.retention import RetentionTable
from stoa.adapters.database.tables import document_versions, documents, indexes, jobs, resource_versions, syncs
from stoa.ledger.retention import Sweeper

DAY = 86_400_000
NOW = 1_000 * DAY


def job(name: str, *, days: int | None, state: str = "succeeded") -> dict[str, object]:
    """One that ended so many days ago; None has not ended and was begun long ago."""
    counters = dict.fromkeys(("total", "done", "failed", "pages", "chunks"), 1)
    ended = None if days is None else NOW - days * DAY
    return {
        "id": name, "kind": "ingest", "collection": "c", "state": state, "created_by": "u", "created_at": 1, "ended_at": ended,
    } | counters  # fmt: skip


def sync(name: str, *, source: str, days: int | None, open_job: str | None = None) -> dict[str, object]:
    counters = dict.fromkeys(("listed", "added", "changed", "removed", "rights_moved", "failed", "held_back", "bytes"), 0)
    ended = None if days is None else NOW - days * DAY
    return {
        "id": name, "source": source, "collection": "c", "cause": "due", "state": "succeeded" if ended else "running",
        "confirmed": False, "started_at": 1, "ended_at": ended, "open_job": open_job,
    } | counters  # fmt: skip


DOCUMENT: dict[str, object] = {
    "collection": "c", "source": "s", "title": "", "digest": "d", "bytes": 1, "acl": [], "deny": [], "state": "indexed",
    "created_at": 1, "updated_at": 1,
}  # fmt: skip


async def left(database: Database) -> tuple[set[str], set[str]]:
    """Jobs and syncs."""
    async with database.read() as connection:
        found = [set((await connection.scalars(select(table.c.id))).all()) for table in (jobs, syncs)]
    return found[0], found[1]


async def test_jobs_and_syncs_that_ended_long_ago_go(database: Database) -> None:
    old = ("plain", "failed", "s1", "s2", "s3", "r1", "r2", "of-document", "of-version", "of-index", "of-dropped")
    async with database.write() as connection:
        rows = [job(name, days=40, state="failed" if name == "failed" else "succeeded") for name in old]
        rows += [
            job("young", days=20),
            job("running", days=None, state="running"),
            job("abandoned", days=None, state="waiting"),
            job("held", days=None, state="waiting"),
        ]
        await connection.execute(insert(jobs), rows)
        await connection.execute(
            insert(syncs),
            [
                sync("s1", source="wiki", days=40), sync("s2", source="wiki", days=40), sync("s3", source="wiki", days=20),
                sync("r1", source="records", days=40), sync("r2", source="records", days=40),
                sync("t1", source="tree", days=None, open_job="held"),
            ],
        )  # fmt: skip
        await connection.execute(insert(documents).values(**DOCUMENT, id="doc", path="a", job_id="of-document"))
        await connection.execute(
            insert(document_versions).values(
                document_id="doc", number=1, at=1, digest="d", bytes=1, acl=[], deny=[], job_id="of-version"
            )
        )
        made = {"collection": "c", "embedding_model": "m", "chunk_tokens": 1, "created_at": 1, "changed_at": 1, "erased": False}
        await connection.execute(
            insert(indexes),
            [
                made | {"version": 1, "state": "dropped", "job_id": "of-dropped"},
                made | {"version": 2, "state": "kept", "job_id": "of-index"},
            ],
        )
    sweeper = Sweeper(
        opener(database.write, RetentionTable), usage_days=400, trace_days=30, job_days=30, version_days=30, now_ms=lambda: NOW
    )
    swept = await sweeper.sweep(rest_s=0, most=2)
    assert await left(database) == (
        {"young", "running", "held", "of-document", "of-version", "of-index", "s3", "r2"},
        {"s3", "r2", "t1"},
    )
    assert (swept.syncs, swept.jobs) == (3, 7)
    again = await sweeper.sweep(rest_s=0)
    assert (again.syncs, again.jobs) == (0, 0)


async def test_versions_go_when_they_were_replaced_long_ago_and_what_holds_stays(database: Database) -> None:
    def version(name: str, number: int, *, days: int, change: str = "changed") -> dict[str, object]:
        row: dict[str, object] = {
            "kind": "Assistant",
            "name": name,
            "version": number,
            "change": change,
            "at": NOW - days * DAY,
            "by": "u",
        }
        return row | {"fields": [], "spec": {} if change != "deleted" else None}

    async with database.write() as connection:
        await connection.execute(
            insert(resource_versions),
            [
                version("alone", 1, days=900),
                version("desk", 1, days=900), version("desk", 2, days=800), version("desk", 3, days=31),
                version("desk", 4, days=5),
                version("gone", 1, days=900), version("gone", 2, days=40, change="deleted"),
                version("lately", 1, days=900), version("lately", 2, days=20, change="deleted"),
                version("again", 1, days=900), version("again", 2, days=40, change="deleted"), version("again", 3, days=1),
            ],
        )  # fmt: skip
    sweeper = Sweeper(
        opener(database.write, RetentionTable), usage_days=400, trace_days=30, job_days=30, version_days=30, now_ms=lambda: NOW
    )
    swept = await sweeper.sweep(rest_s=0, most=2)
    async with database.read() as connection:
        rows = await connection.execute(select(resource_versions.c.name, resource_versions.c.version))
        left = {(row.name, row.version) for row in rows}
    # Until five days ago desk was what its third version says, so that is there to go back to.
    assert left == {("alone", 1), ("desk", 3), ("desk", 4), ("lately", 1), ("lately", 2), ("again", 3)}
    assert swept.versions == 6
