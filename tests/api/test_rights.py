"""Who may read a document, said through every door, and what becomes of it when that changes."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from tests.api.company import Company


async def upload(company: Company, name: str = "plan.md", **rights: str) -> dict[str, Any]:
    sent = [("files", (name, b"The plan is to move."))]
    answer = await company.hana.post("/api/collections/handbook/documents", files=sent, data=rights)
    assert answer.status_code == 202, answer.text
    await company.work()
    return answer.json()["documents"][0]


async def share(company: Company, document: Mapping[str, Any], *allow: str, deny: tuple[str, ...] = ()) -> None:
    answer = await company.hana.put(f"/api/documents/{document['id']}/rights", json={"allow": allow, "deny": deny})
    assert answer.status_code == 202, answer.text
    await company.work()


async def readers(company: Company, document: Mapping[str, Any]) -> str:
    """The initials of those who may open it, each of whom must also list it and find it, and no other."""
    found = ""
    for initial, client in (("h", company.hana), ("a", company.alex), ("o", company.other)):
        opened = (await client.get(f"/api/documents/{document['id']}")).status_code == 200
        listed = (await client.get("/api/collections/handbook/documents")).json()["data"]
        asked = await client.post("/api/collections/handbook/search", json={"query": "plan"})
        assert bool(listed) == bool(asked.json()["passages"]) == opened
        found += initial if opened else ""
    return found


async def test_an_upload_is_for_whom_it_says_and_for_nobody_whom_it_denies(company: Company) -> None:
    document = await upload(company, allow="public, user:olga", deny="user:alex")
    assert (document["acl"], document["deny"]) == (["public", "user:olga"], ["user:alex"])
    assert await readers(company, document) == "ho"
    document = await upload(company, deny="group:hr")
    assert (document["acl"], document["deny"]) == (["team:company"], ["group:hr"])
    assert await readers(company, document) == "a"


async def test_groups_and_tags_add_up(company: Company) -> None:
    document = await upload(company, groups="hr", allow="team:other")
    assert document["acl"] == ["group:hr", "team:other"]
    assert await readers(company, document) == "ho"


async def test_rights_change_without_a_vector_and_by_them_alone_it_is_read(company: Company) -> None:
    document = await upload(company)
    before = company.embedder.embedded
    for allow, deny, may in (
        (("public",), (), "hao"),
        (("public",), ("team:company",), "o"),
    ):
        await share(company, document, *allow, deny=deny)
        assert await readers(company, document) == may
    assert company.embedder.embedded - before == 6  # the questions
    refused = await company.hana.put(f"/api/documents/{document['id']}/rights", json={"allow": ["public"]})
    assert refused.status_code == 404


async def test_who_is_in_a_group_within_a_group_reads_what_the_outer_one_may(company: Company) -> None:
    await company.running.administer("POST", "/api/groups", {"name": "staff", "groups": ["hr"]})
    document = await upload(company, groups="staff")
    assert await readers(company, document) == "h"
    await company.running.administer("PATCH", "/api/groups/staff", {"groups": []})
    assert await readers(company, document) == ""
    answer = await company.running.administer("PATCH", "/api/groups/staff", {"groups": ["hr"]})
    assert answer["groups"] == ["hr"]
    assert await readers(company, document) == "h"


async def test_a_group_that_would_hold_itself_is_refused(company: Company) -> None:
    await company.running.administer("POST", "/api/groups", {"name": "staff", "groups": ["hr"]})
    async with company.running.client(company.running.local_key) as administrator:
        answer = await administrator.patch("/api/groups/hr", json={"groups": ["staff"]})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "groups")
        assert answer.json()["error"]["message"] == "'hr' cannot hold 'staff': 'staff' holds 'hr'."
        answer = await administrator.patch("/api/groups/hrr", json={"groups": []})
        assert (answer.status_code, "Did you mean 'hr'?" in answer.json()["error"]["message"]) == (404, True)


async def test_a_key_reads_nothing_that_its_maker_is_denied(company: Company) -> None:
    document = await upload(company, deny="user:alex")
    sent = {"name": "own", "kind": "inference"}
    assert (await company.alex.post("/api/keys", json=sent)).status_code == 201
    assert (await company.hana.post("/api/keys", json=sent | {"name": "hers"})).status_code == 201
    snapshot = await company.running.parts.feed.refresh()
    held = {caller.name: caller.acl for caller in snapshot.keys.values()}
    assert await company.find("plan", *held["own"]) == []
    assert await company.find("plan", *held["hers"]) == [document["path"]]


async def test_files_of_a_sync_may_have_rights_of_their_own(company: Company) -> None:
    files = {"a.md": b"Apples.", "b.md": b"Pears.", "c.md": b"Plums."}
    own = {"b.md": {"allow": ["user:alex"]}, "c.md": {"deny": []}}
    listed = [{"path": p, "sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d), **own.get(p, {})} for p, d in files.items()]
    wanted = {"source": "s", "files": listed, "allow": ["public"], "deny": ["team:other"]}
    plan = (await company.hana.post("/api/collections/handbook/syncs", json=wanted)).json()
    for path in plan["upload"]:
        await company.hana.put(f"/api/syncs/{plan['sync']}/files", params={"path": path}, content=files[path])
    await company.hana.post(f"/api/syncs/{plan['sync']}/start")
    await company.work()

    async def paths(client: Any) -> set[str]:
        return {each["path"] for each in (await client.get("/api/collections/handbook/documents")).json()["data"]}

    assert await paths(company.hana) == {"a.md", "c.md"}
    assert await paths(company.alex) == {"a.md", "b.md", "c.md"}
    assert await paths(company.other) == {"c.md"}
    again = (await company.alex.post("/api/collections/handbook/syncs", json=wanted)).json()
    assert (again["upload"], again["unchanged"]) == ([], 3)
    listed[1]["allow"] = ["user:alex", "group:hr"]
    moved = (await company.alex.post("/api/collections/handbook/syncs", json=wanted)).json()
    assert (moved["upload"], moved["unchanged"]) == ([], 2)


@pytest.mark.parametrize(
    ("rights", "param", "told"),
    [
        ({"allow": "hr"}, "allow", "'hr' is no access tag."),
        ({"allow": "grup:hr"}, "allow", "Did you mean 'group'?"),
        ({"allow": "group:hrr"}, "allow", "There is no group 'hrr'. Did you mean 'hr'?"),
        ({"allow": "user:alexx"}, "allow", "Did you mean 'alex'?"),
        ({"allow": "by:user:alex"}, "allow", "is no access tag"),
        ({"deny": "team:otter"}, "deny", "There is no team 'otter'."),
        ({"deny": "public"}, "deny", "'public' cannot be denied"),
    ],
)
async def test_a_tag_that_means_nobody_is_refused(company: Company, rights: dict[str, str], param: str, told: str) -> None:
    sent = [("files", ("a.md", b"x"))]
    answer = await company.hana.post("/api/collections/handbook/documents", files=sent, data=rights)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert told in answer.json()["error"]["message"]


async def test_only_those_share_who_may_read_and_build_on_the_collection(company: Company) -> None:
    document = await upload(company, groups="hr")
    path = f"/api/documents/{document['id']}/rights"
    assert (await company.alex.put(path, json={"allow": ["user:alex"]})).status_code == 404
    mona = await company.running.add_user("mona", "member", groups=("hr",))
    assert (await mona.put(path, json={"allow": ["user:mona"]})).status_code == 403
    assert (await company.hana.put(path, json={"allow": []})).status_code == 400
    assert await readers(company, document) == "h"
    await mona.aclose()
