"""`/v1/files` and `/v1/batches` of control, as the gateway passes requests on."""

import json
import time
from typing import Any

import httpx
import pytest
from tests.api.conftest import Running

from stoa.domain.batches import job_of
from stoa.domain.behalf import Behalf, mint

LINE = {"custom_id": "1", "method": "POST", "url": "/v1/embeddings", "body": {"model": "stoa-embed", "input": "x"}}
JSONL = json.dumps(LINE).encode() + b"\n"


async def keyed(stoa: Running, name: str, **wanted: object) -> httpx.AsyncClient:
    """A new inference key's requests, as they come from the gateway."""
    made = await stoa.administer("POST", "/api/keys", {"name": name, **wanted})
    return stoa.client(mint(Behalf(key=made["id"]), key=stoa.parts.secrets.behalf_key, now_s=time.time()))


@pytest.fixture
async def app(stoa: Running) -> httpx.AsyncClient:
    return await keyed(stoa, "app")


async def upload(client: httpx.AsyncClient, data: bytes = JSONL, *, purpose: str = "batch", **fields: str) -> httpx.Response:
    return await client.post("/v1/files", files={"file": ("in.jsonl", data)}, data={"purpose": purpose, **fields})


async def order(client: httpx.AsyncClient, file_id: str, **changes: Any) -> httpx.Response:
    body = {"input_file_id": file_id, "endpoint": "/v1/embeddings", "completion_window": "24h", **changes}
    return await client.post("/v1/batches", json=body)


def stored(stoa: Running) -> list[str]:
    folder = stoa.parts.settings.home_folder.objects / "files"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_a_file_is_uploaded_read_listed_and_deleted(stoa: Running, app: httpx.AsyncClient) -> None:
    data = b"line\n" * 400_000
    made = (await upload(app, data, purpose="user_data")).json()
    assert made == {
        "id": made["id"], "object": "file", "bytes": len(data), "created_at": made["created_at"], "expires_at": None,
        "filename": "in.jsonl", "purpose": "user_data", "status": "processed", "status_details": None,
    }  # fmt: skip
    assert (await app.get(f"/v1/files/{made['id']}")).json() == made
    content = await app.get(f"/v1/files/{made['id']}/content")
    assert content.content == data
    assert content.headers["content-length"] == str(len(data))
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''in.jsonl"
    assert content.headers["cache-control"] == "no-store"
    listed = (await app.get("/v1/files")).json()
    assert (listed["data"], listed["has_more"], listed["first_id"]) == ([made], False, made["id"])
    assert (await app.delete(f"/v1/files/{made['id']}")).json() == {"id": made["id"], "object": "file", "deleted": True}
    assert (await app.get(f"/v1/files/{made['id']}")).status_code == 404
    assert stored(stoa) == []


async def test_files_are_paged_and_chosen_by_purpose(app: httpx.AsyncClient) -> None:
    made = [(await upload(app, b"x", purpose=purpose)).json()["id"] for purpose in ("evals", "vision", "evals")]
    first = (await app.get("/v1/files", params={"limit": 2, "order": "asc"})).json()
    assert ([file["id"] for file in first["data"]], first["has_more"]) == (made[:2], True)
    rest = (await app.get("/v1/files", params={"limit": 2, "order": "asc", "after": first["last_id"]})).json()
    assert ([file["id"] for file in rest["data"]], rest["has_more"]) == (made[2:], False)
    chosen = (await app.get("/v1/files", params={"purpose": "evals"})).json()
    assert [file["id"] for file in chosen["data"]] == [made[2], made[0]]


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"purpose": "homework"}, "purpose", "batch_output"),
        ({"purpose": "batch_output"}, "purpose", "written by batches"),
        ({"expires_after[anchor]": "created_at"}, "expires_after[seconds]", "3600"),
        ({"expires_after[anchor]": "now", "expires_after[seconds]": "3600"}, "expires_after[anchor]", "created_at"),
        ({"expires_after[anchor]": "created_at", "expires_after[seconds]": "60"}, "expires_after[seconds]", "'60'"),
        ({"colour": "red"}, "colour", "no field"),
    ],
)
async def test_a_form_that_cannot_be_taken_is_refused_by_field(
    stoa: Running, app: httpx.AsyncClient, fields: dict[str, str], param: str, says: str
) -> None:
    answer = await upload(app, **({"purpose": "batch"} | fields))
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert says in answer.json()["error"]["message"]
    assert stored(stoa) == []


async def test_an_upload_without_file_or_with_bad_lines_is_refused_and_leaves_nothing(
    stoa: Running, app: httpx.AsyncClient
) -> None:
    for answer in (
        await app.post("/v1/files", data={"purpose": "batch"}),
        await app.post("/v1/files", json={"purpose": "batch"}),
        await upload(app, b""),
        await upload(app, b"what is this?\n"),
    ):
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error"), answer.text
    assert (await app.get("/v1/files")).json()["data"] == []
    assert stored(stoa) == []


async def test_a_file_expires(app: httpx.AsyncClient) -> None:
    expiry = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    made = (await upload(app, **expiry)).json()
    assert made["expires_at"] == made["created_at"] + 3600


async def test_another_team_and_a_key_with_fewer_groups_see_nothing(stoa: Running) -> None:
    await stoa.administer("POST", "/api/groups", {"name": "hr"})
    await stoa.administer("POST", "/api/teams", {"name": "blue"})
    maker, plain = await keyed(stoa, "maker", groups=["hr"]), await keyed(stoa, "plain")
    other, same = await keyed(stoa, "other", team="blue", groups=["hr"]), await keyed(stoa, "same", groups=["hr"])
    file = (await upload(maker)).json()["id"]
    batch = (await order(maker, file)).json()["id"]
    for path in (f"/v1/files/{file}", f"/v1/files/{file}/content", f"/v1/batches/{batch}"):
        assert [(await client.get(path)).status_code for client in (maker, same, plain, other)] == [200, 200, 404, 404], path
    for path in ("/v1/files", "/v1/batches"):
        assert [len((await client.get(path)).json()["data"]) for client in (maker, same, plain, other)] == [1, 1, 0, 0], path
    for client in (plain, other):
        assert (await client.delete(f"/v1/files/{file}")).status_code == 404
        assert (await client.post(f"/v1/batches/{batch}/cancel")).status_code == 404
        assert (await order(client, file)).status_code == 404


async def test_only_a_token_of_the_gateway_opens_v1_and_it_opens_nothing_else(stoa: Running, app: httpx.AsyncClient) -> None:
    made = await stoa.administer("POST", "/api/keys", {"name": "direct"})
    browser = await stoa.add_user("ada", "member", "administrator")
    for client in (stoa.client(), stoa.client(made["key"]), stoa.client(stoa.local_key), browser):
        assert (await client.get("/v1/files")).status_code == 401
    for path in ("/api/keys", "/api/jobs", "/api/session"):
        assert (await app.get(path)).status_code == 401
    async with stoa.parts.read() as stores:
        user = await stores.users.find("ada")
    assert user is not None
    behind = stoa.client(mint(Behalf(user=user.id), key=stoa.parts.secrets.behalf_key, now_s=time.time()))
    assert (await behind.get("/v1/files")).status_code == 200
    assert (await behind.get("/api/users")).status_code == 401


async def test_a_revoked_key_is_refused_at_once(stoa: Running, app: httpx.AsyncClient) -> None:
    await stoa.administer("DELETE", "/api/keys/app")
    assert (await app.get("/v1/files")).status_code == 401


async def test_a_batch_is_queued_followed_and_cancelled(stoa: Running, app: httpx.AsyncClient) -> None:
    file = (await upload(app)).json()["id"]
    made = (await order(app, file, metadata={"for": "test"})).json()
    assert made["status"] == "validating"
    assert made["expires_at"] == made["created_at"] + 86_400
    assert (made["endpoint"], made["metadata"], made["errors"]) == ("/v1/embeddings", {"for": "test"}, None)
    assert made["request_counts"] == {"total": 0, "completed": 0, "failed": 0}
    assert (await app.get(f"/v1/batches/{made['id']}")).json() == made
    assert (await app.get("/v1/batches")).json()["data"] == [made]
    refused = await app.delete(f"/v1/files/{file}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "file_in_use")
    job = await stoa.administer("GET", f"/api/jobs/{job_of(made['id'])}")
    assert (job["kind"], job["state"]) == ("batch", "queued")
    assert job_of(made["id"]) in [each["id"] for each in (await stoa.administer("GET", "/api/jobs"))["data"]]
    cancelled = (await app.post(f"/v1/batches/{made['id']}/cancel")).json()
    assert (cancelled["status"], cancelled["cancelled_at"] is not None) == ("cancelled", True)
    assert (await app.post(f"/v1/batches/{made['id']}/cancel")).status_code == 409
    assert (await app.delete(f"/v1/files/{file}")).status_code == 200


async def test_jobs_of_batches_are_shown_to_developers_of_the_team_alone(stoa: Running, app: httpx.AsyncClient) -> None:
    await stoa.administer("POST", "/api/teams", {"name": "blue"})
    ours, theirs = await stoa.add_user("ada", "developer"), await stoa.add_user("bob", "developer", team="blue")
    batch = (await order(app, (await upload(app)).json()["id"])).json()["id"]
    for client, status, listed in ((ours, 200, 1), (theirs, 404, 0)):
        assert (await client.get(f"/api/jobs/{job_of(batch)}")).status_code == status
        assert len((await client.get("/api/jobs")).json()["data"]) == listed


@pytest.mark.parametrize(
    ("changes", "status", "param"),
    [
        ({"endpoint": "/v1/embedings"}, 400, "endpoint"),
        ({"completion_window": "1h"}, 400, "completion_window"),
        ({"input_file_id": "file-none"}, 404, "input_file_id"),
        ({"metadata": {"k": "v" * 513}}, 400, "metadata"),
        ({"metadata": {str(n): "v" for n in range(17)}}, 400, "metadata"),
        ({"colour": "red"}, 400, "colour"),
    ],
)
async def test_a_batch_that_cannot_be_is_refused_by_field(
    app: httpx.AsyncClient, changes: dict[str, Any], status: int, param: str
) -> None:
    file = (await upload(app)).json()["id"]
    answer = await order(app, changes.get("input_file_id", file), **{k: v for k, v in changes.items() if k != "input_file_id"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text


async def test_a_file_of_another_purpose_is_no_batch(app: httpx.AsyncClient) -> None:
    answer = await order(app, (await upload(app, purpose="user_data")).json()["id"])
    assert "purpose 'batch'" in answer.json()["error"]["message"]
