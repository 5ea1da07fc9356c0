"""Sources over HTTP: applied, tested, synced, sent to, deleted, by whom that is allowed."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.api.company import Company

from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.opening import opener
from stoa.adapters.database.syncs import SourceRecords, SyncTables
from stoa.adapters.jobs.memory import MemoryRunner
from stoa.adapters.sources.memory import MemoryConnectors, MemoryPlace
from stoa.knowledge.ingest import Ingestion
from stoa.knowledge.sources.ports import SyncPorts
from stoa.knowledge.sources.schedule import Schedule
from stoa.knowledge.sources.work import SyncWork
from stoa.wiring import Control, now_ms

SECRET = "a-key-to-the-attic"
WIKI = {
    "kind": "Source", "name": "wiki", "collection": "handbook", "origin": {"type": "plugin", "plugin": "attic"},
    "credentials": {"key": SECRET},
}  # fmt: skip
INBOX = {"kind": "Source", "name": "inbox", "collection": "handbook", "origin": {"type": "push"}, "deny": ["group:hr"]}


class Attic:
    """The company with a place that can be synced, and a worker that also syncs."""

    def __init__(self, company: Company) -> None:
        self.company, self.place = company, MemoryPlace()
        self.opened: list[Mapping[str, str]] = []
        connectors = MemoryConnectors({"attic": self.place})
        opened = self.opened

        class Opened(MemoryConnectors):
            def open(self, origin: Any, credentials: Mapping[str, str], *, most_bytes: int) -> Any:
                opened.append(credentials)
                return connectors.open(origin, credentials, most_bytes=most_bytes)

        self.connectors = Opened({})
        company.running.app.state.parts = dataclasses.replace(company.running.parts, connectors=self.connectors)

    async def apply(self, *resources: object) -> None:
        await self.company.running.administer("POST", "/api/resources/apply", {"resources": resources, "dry_run": False})

    async def administer(self, method: str, path: str, body: object = None) -> Any:
        return await self.company.running.administer(method, path, body)

    async def work(self) -> None:
        """Play the worker until there is nothing left to do."""
        parts: Control = self.company.running.parts
        ingestion = Ingestion(self.company.ingestion_ports())
        stores = SyncTables
        read, write = opener(parts.database.read, stores), opener(parts.database.write, stores)
        ports = SyncPorts(
            read=read, write=write, jobs=JobRecords(parts.database), documents=DocumentRecords(parts.database),
            objects=parts.objects, sources=SourceRecords(parts.database), connectors=self.connectors,
            unseal=parts.secrets.open, rights=ingestion.rights, now_ms=now_ms, most_bytes=10_000, pauses_s=(),
        )  # fmt: skip
        schedule = Schedule(read, write, ports.sources, lambda: now_ms() + 1000)
        await schedule.begin_due(await schedule.applied())
        while jobs := await ports.jobs.unfinished():
            runner = MemoryRunner({"sync": SyncWork(ports), "ingest": ingestion})
            for job in jobs:
                await runner.submit(job.kind, job.id, lane="x")
            await runner.drained()


@pytest.fixture
def attic(company: Company) -> Attic:
    return Attic(company)


async def push(
    client: httpx.AsyncClient, path: str, data: bytes, *, source: str = "inbox", status: int = 202, **rights: str
) -> Any:
    answer = await client.put(f"/api/sources/{source}/documents", params={"path": path, **rights}, content=data)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_source_is_applied_synced_and_tells_how_it_went(attic: Attic) -> None:
    attic.place.files |= {"travel.md": b"Fly economy.", "bad.pdf": b"%PDF-1.4 nonsense"}
    await attic.apply(WIKI)
    hana = attic.company.hana
    (before,) = (await hana.get("/api/sources")).json()["data"]
    assert (before["name"], before["type"], before["last_sync"], before["next_sync_at"]) == ("wiki", "plugin", None, None)
    begun = await hana.post("/api/sources/wiki/syncs", json={})
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    assert (await hana.post("/api/sources/wiki/syncs", json={})).status_code == 409
    await attic.work()
    found = (await hana.get("/api/sources/wiki")).json()
    assert (found["documents"], found["failed"], found["last_sync"]["state"]) == (2, 1, "succeeded")
    assert (found["last_sync"]["listed"], found["last_sync"]["added"]) == (2, 2)
    assert [error["path"] for error in found["errors"]] == ["bad.pdf"]
    (sync,) = (await hana.get("/api/sources/wiki/syncs")).json()["data"]
    assert sync["id"] == begun.json()["id"]
    job = (await hana.get(f"/api/jobs/{sync['id']}")).json()
    assert (job["kind"], job["state"], job["done"]) == ("sync", "succeeded", 2)
    assert await attic.company.find("economy", "team:company") == ["travel.md"]
    assert attic.opened == [{"key": SECRET}]


async def test_credentials_are_sealed_and_never_told(attic: Attic) -> None:
    await attic.apply(WIKI)
    told = await attic.administer("GET", "/api/resources/Source/wiki")
    assert told["credentials"] == {"key": "********"}
    kept = (await SourceRecords(attic.company.running.parts.database).all())["wiki"]
    assert SECRET not in str(kept)


async def test_a_source_is_tested_as_it_is_and_as_it_is_drawn_up(attic: Attic) -> None:
    await attic.apply(WIKI)
    assert await attic.administer("POST", "/api/source-tests", {"name": "wiki"}) == {
        "reached": True, "message": "There are 0 documents in memory.",
    }  # fmt: skip
    drawn = {**WIKI, "credentials": {"key": "********"}, "description": "other"}
    assert (await attic.administer("POST", "/api/source-tests", {"source": drawn}))["reached"]
    assert attic.opened == [{"key": SECRET}, {"key": SECRET}]
    attic.place.away = "The attic is locked."
    told = await attic.administer("POST", "/api/source-tests", {"name": "wiki"})
    assert told == {"reached": False, "message": "The attic is locked."}
    new = {**WIKI, "name": "new", "origin": {"type": "folder", "path": "/etc"}, "credentials": {}}
    attic.company.running.app.state.parts = dataclasses.replace(
        attic.company.running.parts, connectors=_real(attic.company.running.parts)
    )
    told = await attic.administer("POST", "/api/source-tests", {"source": new})
    assert not told["reached"]
    assert "worker.folders" in told["message"]


def _real(parts: Control) -> Any:
    from stoa.wiring.shared import connectors_of

    return connectors_of(parts.settings)


async def test_only_those_who_may_apply_a_source_may_test_one(attic: Attic) -> None:
    await attic.apply(WIKI)
    for body in ({"name": "wiki"}, {"source": WIKI}):
        assert (await attic.company.hana.post("/api/source-tests", json=body)).status_code == 403
    assert attic.opened == []


async def test_another_team_neither_sees_nor_syncs_nor_sends_to_a_source(attic: Attic) -> None:
    await attic.apply(WIKI, INBOX)
    other = attic.company.other
    assert (await other.get("/api/sources")).json()["data"] == []
    for method, path in (
        ("GET", "/api/sources/wiki"), ("GET", "/api/sources/wiki/syncs"), ("POST", "/api/sources/wiki/syncs"),
        ("PUT", "/api/sources/inbox/documents?path=a.md"), ("DELETE", "/api/sources/inbox/documents?path=a.md"),
    ):  # fmt: skip
        answer = await other.request(method, path, json={})
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"


async def test_removals_are_confirmed_by_whoever_asks(attic: Attic) -> None:
    attic.place.files |= {"a.md": b"Alpha.", "b.md": b"Beta."}
    await attic.apply(WIKI)
    hana = attic.company.hana
    await hana.post("/api/sources/wiki/syncs", json={})
    await attic.work()
    attic.place.files.clear()
    await hana.post("/api/sources/wiki/syncs", json={})
    await attic.work()
    found = (await hana.get("/api/sources/wiki")).json()
    assert (found["documents"], found["last_sync"]["state"]) == (2, "unconfirmed")
    await hana.post("/api/sources/wiki/syncs", json={"confirm_removals": True})
    await attic.work()
    assert (await hana.get("/api/sources/wiki")).json()["documents"] == 0


async def test_documents_are_sent_each_with_rights_and_again_without_effect(attic: Attic) -> None:
    await attic.apply(INBOX)
    hana, alex = attic.company.hana, attic.company.alex
    first = await push(hana, "hr/leave.md", b"Take thirty days.", allow="public,user:alex")
    await push(hana, "open.md", b"Open to the team.")
    assert (first["change"], first["document"]["acl"], first["document"]["deny"]) == (
        "created", ["public", "user:alex"], ["group:hr"],
    )  # fmt: skip
    await attic.work()
    again = await push(hana, "hr/leave.md", b"Take thirty days.", allow="user:alex,public", status=200)
    assert (again["change"], again["job"]) == ("unchanged", None)
    assert [d["path"] for d in (await alex.get("/api/sources/inbox/documents")).json()["data"]] == ["hr/leave.md", "open.md"]
    assert (await hana.get("/api/sources/inbox/documents")).json()["data"] == []  # she is in hr, which the source denies
    (sync,) = (await hana.get("/api/sources/inbox/syncs")).json()["data"]
    assert (sync["cause"], sync["state"], sync["added"], sync["id"]) == ("pushed", "succeeded", 2, first["job"])
    moved = await push(hana, "open.md", b"Open to the team.", allow="user:alex")
    changed = await push(hana, "hr/leave.md", b"Take forty days.", allow="public")
    assert (moved["change"], changed["change"], moved["job"]) == ("changed", "changed", changed["job"])
    await attic.work()
    assert set(await attic.company.find("forty days", "public")) == {"hr/leave.md"}
    assert set(await attic.company.find("open", "user:alex")) == {"open.md"}


async def test_a_document_is_taken_back_and_one_that_is_not_there_is_said(attic: Attic) -> None:
    await attic.apply(INBOX)
    alex = attic.company.alex
    await push(alex, "a.md", b"Alpha.")
    assert (await alex.delete("/api/sources/inbox/documents", params={"path": "a.md"})).status_code == 202
    assert (await alex.get("/api/sources/inbox/documents")).json()["data"] == []
    await attic.work()
    assert await attic.company.find("alpha", "team:company") == []
    answer = await alex.delete("/api/sources/inbox/documents", params={"path": "a.md"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "path")


async def test_what_is_sent_is_checked_and_nothing_of_it_stays(attic: Attic) -> None:
    await attic.apply(INBOX, WIKI)
    hana = attic.company.hana
    for path, data, rights, status in (
        ("../a.md", b"x", {}, 400), ("a.md", b"", {}, 400), ("a.md", b"x", {"allow": "group:hrr"}, 400),
        ("a.md", b"x", {"deny": "public"}, 400), ("a.md", b"x" * 200_000_000, {}, 413),
    ):  # fmt: skip
        await push(hana, path, data, status=status, **rights)
    await push(hana, "a.md", b"x", source="wiki", status=409)
    assert (await hana.post("/api/sources/inbox/syncs", json={})).status_code == 409
    assert (await attic.company.alex.get("/api/sources/inbox/documents")).json()["data"] == []


async def test_a_deleted_source_takes_its_documents_away_and_a_collection_waits_for_that(attic: Attic) -> None:
    await attic.apply(INBOX)
    await push(attic.company.alex, "a.md", b"Alpha.")
    async with attic.company.running.client(attic.company.running.local_key) as administrator:
        refused = await administrator.delete("/api/resources/Collection/handbook")
        assert refused.status_code == 409, refused.text
        assert (await administrator.delete("/api/resources/Source/inbox")).status_code == 204
        await attic.work()
        assert (await attic.company.alex.get("/api/collections/handbook/documents")).json()["data"] == []
        assert (await administrator.delete("/api/resources/Collection/handbook")).status_code == 204


async def test_nobody_uploads_in_a_sources_name(attic: Attic) -> None:
    hana = attic.company.hana
    sent = await hana.post(
        "/api/collections/handbook/documents", files=[("files", ("a.md", b"x"))], data={"source": "source:wiki"}
    )
    assert (sent.status_code, sent.json()["error"]["param"]) == (400, "source")
    begun = await hana.post("/api/collections/handbook/syncs", json={"source": "source:wiki", "files": []})
    assert (begun.status_code, begun.json()["error"]["param"]) == (400, "source")


async def test_tags_of_a_source_must_mean_somebody(attic: Attic) -> None:
    async with attic.company.running.client(attic.company.running.local_key) as administrator:
        answer = await administrator.post(
            "/api/resources/apply", json={"resources": [{**WIKI, "allow": ["group:hrr"]}], "dry_run": False}
        )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(
        "Source 'wiki', field 'allow': There is no group 'hrr'. Did you mean 'hr'?"
    )
