"""Datastores as resources, their queries asked by people, and by a gateway for whoever asks an assistant."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.api.conftest import Running

from stoa.adapters.datastores.control import ControlLookups
from stoa.api.control import create_app
from stoa.domain.datastores import Lookup, Rows
from stoa.domain.upstream import Fetched
from stoa.errors import Forbidden, InvalidRequest, NotFound, SourceError
from stoa.settings import Settings, WorkerSettings
from stoa.wiring import control

DESK = {"kind": "Assistant", "name": "desk", "tools": ["erp/orders"]}


@pytest.fixture
async def stoa(control_settings: Settings, tmp_path: Path) -> AsyncIterator[Running]:
    with contextlib.closing(sqlite3.connect(tmp_path / "erp.db")) as lite, lite:
        lite.execute("CREATE TABLE orders (id integer, customer text, team text)")
        lite.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(1, "ACME", "company"), (2, "ACME", "sales")])
    worker = WorkerSettings(folders=(str(tmp_path),))
    app = create_app(msgspec.structs.replace(control_settings, worker=worker), control)
    async with app.router.lifespan_context(app):
        running = Running(app)
        await running.administer("POST", "/api/teams", {"name": "sales"})
        yield running


def erp(folder: Path, **changes: Any) -> dict[str, Any]:
    query = {
        "name": "orders", "description": "Orders of a customer.",
        "sql": "SELECT id, :caller_user AS who FROM orders WHERE customer = :customer AND team = :caller_team ORDER BY id",
        "parameters": {"customer": {"type": "string"}},
    }  # fmt: skip
    url = f"sqlite:///{folder / 'erp.db'}"
    return {"kind": "Datastore", "name": "erp", "credentials": {"url": url}, "queries": [query], **changes}


async def put(stoa: Running, *resources: dict[str, Any]) -> Any:
    async with stoa.client(stoa.local_key) as administrator:
        return await administrator.post("/api/resources/apply", json={"resources": list(resources)})


async def test_a_datastore_is_kept_without_its_url_and_told_to_gateways_without_its_sql(stoa: Running, tmp_path: Path) -> None:
    assert (await put(stoa, erp(tmp_path), DESK)).status_code == 200
    async with stoa.client(stoa.local_key) as administrator:
        shown = (await administrator.get("/api/resources/Datastore/erp")).text
        assert "erp.db" not in shown
        masked = msgspec.json.decode(shown)
        assert (await put(stoa, masked)).json()["changes"][0]["change"] == "unchanged", shown
    await stoa.parts.feed.refresh()
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        snapshot = (await gateway.get("/internal/snapshot")).content
    assert b"Orders of a customer." in snapshot
    for hidden in (b"SELECT", b"erp.db"):
        assert hidden not in snapshot


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"credentials": {}}, "url"),
        ({"url": "postgresql://me:hush@host/erp", "credentials": {}}, "url"),
        ({"credentials": {"url": "${env:ERP}"}}, "credentials.url"),
        ({"credentials": {"url": "********"}}, "credentials.url"),
        ({"credentials": {"url": "x", "token": "y"}}, "credentials.token"),
        ({"queries": [{"name": "q", "description": "d", "sql": "DROP TABLE x"}]}, "queries[0].sql"),
        ({"queries": [{"name": "q", "description": "d", "sql": "SELECT :x"}]}, "queries[0].sql"),
        ({"queries": [{"name": "q", "description": "d", "sql": "SELECT 1"}] * 2}, "queries[1].name"),
        ({"teams": ["nobody"]}, "teams"),
    ],
)
async def test_a_mistake_is_named_with_its_field(stoa: Running, tmp_path: Path, changes: Any, param: str) -> None:
    refused = await put(stoa, erp(tmp_path, **changes))
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["param"].endswith(param)
    assert "hush" not in refused.text


async def test_an_assistant_names_queries_that_there_are(stoa: Running, tmp_path: Path) -> None:
    for tools, said in ((["erq"], "Did you mean 'erp'"), (["erp/order"], "Did you mean 'orders'")):
        refused = await put(stoa, erp(tmp_path), DESK | {"tools": tools})
        assert refused.status_code == 400 and said in refused.text
    assert (await put(stoa, erp(tmp_path), DESK | {"tools": ["erp"]})).status_code == 200
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.delete("/api/resources/Datastore/erp")).status_code in (400, 409)


async def test_a_person_asks_as_their_team(stoa: Running, tmp_path: Path) -> None:
    await put(stoa, erp(tmp_path))
    path = "/api/datastores/erp/queries/orders"
    for name, team, ids in (("dora", "company", [1]), ("sam", "sales", [2])):
        person = await stoa.add_user(name, "member", "developer", team=team)
        found = await person.post(path, json={"arguments": {"customer": "ACME"}})
        assert found.json() == {"columns": ["id", "who"], "rows": [[each, name] for each in ids], "more": False}
        assert (await person.post(path, json={"arguments": {"customer": "ACME"}, "team": "board"})).status_code == 403
        other = await person.post(path, json={"arguments": {"customer": "ACME", "caller_team": "sales"}})
        assert other.status_code == 400 and "no parameter 'caller_team'" in other.text
    member = await stoa.add_user("mia", "member")
    assert (await member.post(path, json={"arguments": {"customer": "ACME"}})).status_code == 403
    dora = await stoa.add_user("dan", "member", "developer")
    assert (await dora.post("/api/datastores/erp/queries/order", json={})).status_code == 404
    assert (await dora.post("/api/datastores/erq/queries/orders", json={})).status_code == 404


async def test_teams_of_datastore_and_query_both_hold(stoa: Running, tmp_path: Path) -> None:
    dora = await stoa.add_user("dora", "member", "developer")
    query = erp(tmp_path)["queries"][0]
    for teams, own, status in (
        (["sales"], None, 403),
        (None, ["sales"], 403),
        (["company"], ["company"], 200),
        (["sales"], ["company"], 403),
    ):
        await put(stoa, erp(tmp_path, teams=teams, queries=[query | {"teams": own}]))
        found = await dora.post("/api/datastores/erp/queries/orders", json={"arguments": {"customer": "ACME"}})
        assert found.status_code == status, found.text


async def test_a_gateway_asks_on_behalf_and_gets_the_same_errors(stoa: Running, tmp_path: Path) -> None:
    await put(stoa, erp(tmp_path, teams=["company"]))
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:

        async def fetch(method: str, target: str, *, headers: Any = None, body: bytes = b"") -> Fetched:
            answer = await gateway.request(method, target, headers=headers, content=body)
            return Fetched(answer.status_code, answer.content)

        lookups = ControlLookups(fetch)

        def asked(tool: str = "erp/orders", team: str = "company", **arguments: Any) -> Lookup:
            return Lookup(tool=tool, arguments=arguments, team=team)

        assert await lookups.look_up(asked(customer="ACME")) == Rows(("id", "who"), ((1, None),))
        for lookup, error in (
            (asked(), InvalidRequest), (asked(customer=7), InvalidRequest), (asked("erp/x"), NotFound),
            (asked(team="sales", customer="ACME"), Forbidden),
        ):  # fmt: skip
            with pytest.raises(error):
                await lookups.look_up(lookup)
        (tmp_path / "erp.db").rename(tmp_path / "gone.db")
        with pytest.raises(SourceError, match="There is no file"):
            await lookups.look_up(asked(customer="ACME"))
    dora = await stoa.add_user("dora", "member", "administrator")
    assert (await dora.post("/internal/lookups", content=b"x")).status_code == 403
