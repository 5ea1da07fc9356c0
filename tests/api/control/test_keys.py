import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import select

from stoa.adapters.database.tables import keys
from stoa.domain.snapshot import Snapshot
from stoa.kit.tokens import digest

if TYPE_CHECKING:
    from tests.api.conftest import Running


async def snapshot(stoa: "Running", after: int | None = None) -> Snapshot:
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        answer = await gateway.get("/internal/snapshot", params={} if after is None else {"after": after})
    assert answer.status_code == 200
    return msgspec.msgpack.decode(answer.content, type=Snapshot)


async def test_a_key_is_shown_once_and_kept_as_a_hash(stoa: "Running") -> None:
    made = await stoa.administer("POST", "/api/keys", {"name": "app"})
    assert made["key"].startswith("sk-stoa-")
    assert len(made["key"]) == len("sk-stoa-") + 43
    listed = await stoa.administer("GET", "/api/keys")
    assert made["key"] not in str(listed)
    async with stoa.parts.database.read() as connection:
        rows = (await connection.execute(select(keys))).all()
    assert made["key"] not in str(rows)
    assert digest(made["key"]) in str(rows)


async def test_a_new_key_reaches_who_waits_for_the_next_snapshot_and_a_revoked_one_leaves(stoa: "Running") -> None:
    before = await snapshot(stoa)
    waiting = asyncio.create_task(snapshot(stoa, after=before.version))
    made = await stoa.administer("POST", "/api/keys", {"name": "app"})
    with_key = await waiting
    assert with_key.keys[digest(made["key"])].team == "company"
    waiting = asyncio.create_task(snapshot(stoa, after=with_key.version))
    await stoa.administer("DELETE", "/api/keys/app")
    assert digest(made["key"]) not in (await waiting).keys


async def test_a_management_key_is_in_no_snapshot(stoa: "Running") -> None:
    made = await stoa.administer("POST", "/api/keys", {"name": "ops", "kind": "management", "role": "operator"})
    assert made["key"].startswith("sk-stoa-mgmt-")
    assert (await snapshot(stoa)).keys == {}


async def test_a_revoked_key_is_refused_and_says_so(stoa: "Running") -> None:
    auditor = await stoa.add_key("audit", kind="management", role="auditor")
    assert (await auditor.get("/api/users")).status_code == 200
    await stoa.administer("DELETE", "/api/keys/audit")
    answer = await auditor.get("/api/users")
    assert answer.status_code == 401
    assert "was revoked" in answer.json()["error"]["message"]


async def test_an_unknown_key_is_refused(stoa: "Running") -> None:
    for bearer in ("sk-stoa-mgmt-nothing", "something else", "é"):
        async with stoa.client() as visitor:
            answer = await visitor.get("/api/users", headers={"authorization": f"Bearer {bearer}".encode()})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer realm=")


async def test_an_inference_key_is_told_what_to_use_instead(stoa: "Running") -> None:
    app = await stoa.add_key("app")
    answer = await app.get("/api/users")
    assert answer.status_code == 403
    assert "management key" in answer.json()["error"]["message"]


async def test_a_developer_makes_sees_and_revokes_inference_keys_of_their_own_team_alone(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/teams", {"name": "red"})
    await stoa.administer("POST", "/api/groups", {"name": "hr"})
    await stoa.administer("POST", "/api/keys", {"name": "theirs"})
    ann = await stoa.add_user("ann", "developer", team="red")

    async def make(**wanted: object) -> Any:
        return (await ann.post("/api/keys", json=wanted)).status_code

    assert await make(name="mine") == 201
    assert await make(name="other-team", team="company") == 403
    assert await make(name="powerful", kind="management", role="administrator") == 403
    assert await make(name="curious", groups=["hr"]) == 403
    assert [key["name"] for key in (await ann.get("/api/keys")).json()["data"]] == ["mine"]
    assert (await ann.delete("/api/keys/theirs")).status_code == 403
    assert (await ann.delete("/api/keys/mine")).status_code == 200


MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"name": "Not A Name"}, "name"),
    ({"name": "app", "team": "compny"}, "team"),
    ({"name": "app", "groups": ["hr"]}, "groups"),
    ({"name": "app", "role": "operator"}, "role"),
    ({"name": "app", "kind": "management"}, "role"),
    ({"name": "app", "kind": "management", "role": "god"}, "role"),
    ({"name": "app", "kind": "magic"}, "kind"),
    ({"name": "app", "requests_per_minute": -1}, "requests_per_minute"),
    ({"name": "app", "tokens_per_minute": 0}, "tokens_per_minute"),
    ({"name": "app", "parallel": 0}, "parallel"),
    ({"name": "app", "budget_usd": "five"}, "budget_usd"),
    ({"name": "app", "per": "day"}, "per"),
    ({"name": "app", "budget_usd": "5", "per": "year"}, "per"),
    ({"name": "app", "budget_usd": "5", "time_zone": "Europe/Atlantis"}, "time_zone"),
    ({"name": "app", "project": "Not A Name"}, "project"),
    ({"name": "app", "kind": "management", "role": "operator", "parallel": 1}, "parallel"),
    ({"name": "app", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ({"name": "app", "expires_at": "2001-01-01"}, "expires_at"),
    ({"name": "app", "surprise": 1}, "surprise"),
    ({}, "name"),
]


async def test_a_wrong_field_is_named(stoa: "Running", subtests: pytest.Subtests) -> None:
    async with stoa.client(stoa.local_key) as administrator:
        for wanted, param in MISTAKES:
            with subtests.test(str(wanted)):
                answer = await administrator.post("/api/keys", json=wanted)
                assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_a_name_in_use_is_a_conflict(stoa: "Running") -> None:
    await stoa.add_key("app")
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.post("/api/keys", json={"name": "app"})).status_code == 409


async def test_keys_are_paged(stoa: "Running") -> None:
    for n in range(4):
        await stoa.add_key(f"app-{n}")
    first = await stoa.administer("GET", "/api/keys?limit=3")
    rest = await stoa.administer("GET", f"/api/keys?limit=3&cursor={first['next_cursor']}")
    assert [key["name"] for page in (first, rest) for key in page["data"]] == ["local-cli", "app-0", "app-1", "app-2", "app-3"]
    assert rest["next_cursor"] is None
