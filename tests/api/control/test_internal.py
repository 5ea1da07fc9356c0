import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import text

from stoa.domain.snapshot import Snapshot
from stoa.domain.usage import Told, UsageFact
from stoa.settings import Settings
from stoa.wiring import control

if TYPE_CHECKING:
    from tests.api.conftest import Running


def fact(cost: int) -> UsageFact:
    return UsageFact(
        id="f1", at_ms=int(datetime.now(UTC).timestamp() * 1000), request_id="r", operation="chat", team="company", key_id=None,
        user_id=None, requested="gpt", assistant=None, model="gpt", provider="p", status=200, cache="miss", streamed=False,
        prompt_tokens=1, completion_tokens=1, tokens_from="provider", cost_nano_usd=cost, latency_ms=1.0, first_token_ms=None,
        attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip


async def test_usage_that_is_delivered_twice_counts_once(stoa: "Running") -> None:
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        for _ in range(2):
            answer = await gateway.post("/internal/usage", content=msgspec.msgpack.encode([fact(500)]))
            (told,) = msgspec.msgpack.decode(answer.content, type=dict[str, list[Told]])["spent"]
            assert (told.scope, told.subject, told.period, told.nano_usd) == ("team", "company", "month UTC", 500)


async def test_a_snapshot_is_whole_and_holds_no_secret_in_the_clear(stoa: "Running") -> None:
    provider = {"kind": "Provider", "name": "p", "base_url": "http://h/v1", "api_key": "geheim"}
    await stoa.administer("POST", "/api/resources/apply", {"resources": [provider]})
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        version = (await stoa.parts.feed.refresh()).version
        answer = await gateway.get("/internal/snapshot")
    assert b"geheim" not in answer.content
    assert stoa.local_key.encode() not in answer.content
    snapshot = msgspec.msgpack.decode(answer.content, type=Snapshot)
    assert snapshot.version == version
    assert snapshot.providers["stoa-engine"].base_url == "http://127.0.0.1:9/v1"


async def test_who_waits_is_let_go_when_the_role_ends(stoa: "Running") -> None:
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        version = (await stoa.parts.feed.refresh()).version
        waiting = asyncio.create_task(gateway.get("/internal/snapshot", params={"after": version}))
        await asyncio.sleep(0)
        await stoa.parts.feed.close()
        assert (await waiting).status_code == 204


async def test_a_new_start_makes_a_new_version(stoa: "Running", control_settings: Settings) -> None:
    before = (await stoa.parts.feed.refresh()).version
    async with control(control_settings) as again:
        assert (await again.feed.refresh()).version > before
        assert len((await again.feed.refresh()).users) == 1


@pytest.mark.parametrize("bearer", [None, "wrong", "sk-stoa-mgmt-wrong"])
async def test_others_are_refused(stoa: "Running", bearer: str | None) -> None:
    async with stoa.client(bearer) as visitor:
        assert (await visitor.get("/internal/snapshot")).status_code == 401
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.get("/internal/snapshot")).status_code == 403


async def test_control_is_ready_while_its_database_answers(stoa: "Running") -> None:
    async with stoa.client() as supervisor:
        assert (await supervisor.get("/healthz")).json() == {"status": "ok"}
        assert (await supervisor.get("/readyz")).json() == {"ready": True, "reasons": []}
        async with stoa.parts.database.write() as connection:
            await connection.execute(text("DROP TABLE revision"))
        async with asyncio.timeout(10):
            while (answer := await supervisor.get("/readyz")).status_code == 200:  # noqa: ASYNC110 - asked from outside
                await asyncio.sleep(0.05)
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "reasons": ["no snapshot from the database: OperationalError"]}


async def test_a_database_that_hangs_makes_control_not_ready_and_readiness_does_not_hang_with_it(
    stoa: "Running", monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs() -> int:
        await asyncio.sleep(60)
        return 0

    monkeypatch.setattr("stoa.control.feed._SILENT_S", 0.3)
    monkeypatch.setattr("stoa.control.feed._LONGEST_LOOK_S", 0.5)
    working, stoa.parts.feed._revision = stoa.parts.feed._revision, hangs
    reasons: set[str] = set()
    async with stoa.client() as supervisor, asyncio.timeout(20):
        while len(reasons) < 2:
            reasons |= {
                reason.rpartition(" for ")[0] or reason for reason in (await supervisor.get("/readyz")).json()["reasons"]
            }
            await asyncio.sleep(0.01)
        assert reasons == {"the database has not answered", "no snapshot from the database: TimeoutError"}
        stoa.parts.feed._revision = working
        while (await supervisor.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - asked from outside
            await asyncio.sleep(0.01)


async def test_status_tells_of_roles_that_do_not_answer(stoa: "Running") -> None:
    told = await stoa.administer("GET", "/api/status")
    assert told["ready"] is False
    assert set(told["roles"]) == {"gateway", "control", "worker", "engine"}
    assert told["roles"]["gateway"]["reachable"] is False


async def test_the_openapi_document_describes_the_api_and_nothing_internal(stoa: "Running") -> None:
    async with stoa.client() as visitor:
        paths = (await visitor.get("/api/openapi.json")).json()["paths"]
    assert "/api/keys" in paths
    assert [path for path in paths if not path.startswith("/api/")] == ["/mcp"]
