"""Versions of resources: kept with each change, compared, tried, restored, forgotten, and seen by those who may."""

import json
from typing import Any

import httpx
from sqlalchemy import select, update
from tests.api.conftest import Running

from stoa.adapters.database.tables import resource_versions, users

ASSISTANT: dict[str, Any] = {"kind": "Assistant", "name": "desk", "prompt": "Be kind.", "teams": ["company"]}
PROVIDER: dict[str, Any] = {
    "kind": "Provider", "name": "up", "base_url": "http://up/v1", "api_key": "sk-first", "headers": {"x-a": "h-first"},
}  # fmt: skip
MODEL = {"kind": "Model", "name": "gpt", "provider": "up"}
DESK = "/api/resources/Assistant/desk/versions"


async def apply(by: httpx.AsyncClient, *resources: dict[str, Any]) -> None:
    answer = await by.post("/api/resources/apply", json={"resources": resources})
    assert answer.status_code == 200, answer.text


async def got(by: httpx.AsyncClient, path: str) -> Any:
    answer = await by.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return answer.json()["error"]["message"]


async def test_each_saved_change_is_a_version_with_its_author_time_and_fields(stoa: Running) -> None:
    ann, ben = await stoa.add_user("ann", "member", "developer"), await stoa.add_user("ben", "member", "developer")
    await apply(ann, ASSISTANT)
    await apply(ann, ASSISTANT)  # nothing differs
    await apply(ben, ASSISTANT | {"prompt": "Be brief.", "passages": 4})
    listed = await got(ann, DESK)
    assert [(each["version"], each["change"], each["author"], each["fields"]) for each in listed["data"]] == [
        (2, "changed", "ben", ["prompt", "passages"]), (1, "created", "ann", []),
    ]  # fmt: skip
    assert listed["next_cursor"] is None
    assert listed["data"][0]["at"] >= listed["data"][1]["at"]
    first = await got(ann, f"{DESK}/1")
    assert first["resource"] == ASSISTANT
    assert first["by"] == (await got(ann, "/api/session"))["user"]["id"]


async def test_versions_come_page_by_page(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    for number in range(5):
        await apply(ann, ASSISTANT | {"prompt": f"Prompt {number}."})
    seen, cursor = list[int](), ""
    while True:
        page = await got(ann, f"{DESK}?limit=2{cursor and '&cursor=' + cursor}")
        seen += [each["version"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert seen == [5, 4, 3, 2, 1]


async def test_any_two_versions_are_compared_field_by_field(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    for change in ({}, {"prompt": "Be brief."}, {"prompt": "Be brief.", "passages": 4}):
        await apply(ann, ASSISTANT | change)
    passages = {"field": "passages", "before": None, "after": 4}
    assert await got(ann, f"{DESK}/3/diff") == {"version": 3, "against": 2, "differences": [passages]}
    prompt = {"field": "prompt", "before": "Be kind.", "after": "Be brief."}
    assert (await got(ann, f"{DESK}/3/diff?against=1"))["differences"] == [prompt, passages]
    back = (await got(ann, f"{DESK}/1/diff?against=3"))["differences"]
    assert {each["field"]: (each["before"], each["after"]) for each in back} == {
        "prompt": ("Be brief.", "Be kind."), "passages": (4, None),
    }  # fmt: skip
    first = await got(ann, f"{DESK}/1/diff")
    assert (first["against"], [each["field"] for each in first["differences"]]) == (None, ["prompt", "teams"])
    assert await refused(await ann.get(f"{DESK}/9"), 404) == (
        "There is no version 9 of Assistant 'desk'. The last one is 3; old ones are removed in time."
    )


async def test_a_version_is_restored_as_a_new_one(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    await apply(ann, ASSISTANT)
    await apply(ann, ASSISTANT | {"prompt": "Be brief."})
    tried = await ann.post(f"{DESK}/1/restore", json={"dry_run": True})
    assert (tried.json()["change"], len((await got(ann, DESK))["data"])) == ("changed", 2)
    restored = await ann.post(f"{DESK}/1/restore")
    assert (restored.status_code, restored.json()["after"]) == (200, ASSISTANT)
    last = (await got(ann, DESK))["data"][0]
    assert (last["version"], last["change"], last["restored"], last["fields"]) == (3, "restored", 1, ["prompt"])
    assert await got(ann, "/api/resources/Assistant/desk") == ASSISTANT
    again = await ann.post(f"{DESK}/1/restore")
    assert (again.json()["change"], len((await got(ann, DESK))["data"])) == ("unchanged", 3)


async def test_what_was_deleted_is_remembered_and_comes_back(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    await apply(ann, ASSISTANT)
    assert (await ann.delete("/api/resources/Assistant/desk")).status_code == 204
    assert [each["change"] for each in (await got(ann, DESK))["data"]] == ["deleted", "created"]
    assert (await got(ann, f"{DESK}/2"))["resource"] is None
    assert "is that it was deleted" in await refused(await ann.post(f"{DESK}/2/restore"), 409)
    assert (await ann.post(f"{DESK}/1/restore")).json()["change"] == "created"
    assert await got(ann, "/api/resources/Assistant/desk") == ASSISTANT


async def test_a_version_that_refers_to_what_is_gone_is_refused_with_its_field(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    collection = {"kind": "Collection", "name": "handbook", "team": "company"}
    await apply(ann, collection, ASSISTANT | {"collections": ["handbook"]})
    await apply(ann, ASSISTANT)
    assert (await ann.delete("/api/resources/Collection/handbook")).status_code == 204
    told = await refused(await ann.post(f"{DESK}/1/restore"), 409)
    assert told.startswith("Version 1 cannot be as it was. ")
    assert "'handbook'" in told
    tried = {"earlier": {"name": "desk", "version": 1}, "messages": [{"role": "user", "content": "Hi?"}]}
    told = await refused(await ann.post("/api/assistants/try", json=tried), 409)
    assert told.startswith("Version 1 cannot be tried as it was. ")
    assert len((await got(ann, DESK))["data"]) == 2


async def test_no_secret_is_in_any_version_and_that_one_was_replaced_shows(stoa: Running) -> None:
    async with stoa.client(stoa.local_key) as admin:
        await apply(admin, PROVIDER, MODEL)
        await apply(admin, PROVIDER | {"api_key": "sk-second"})
        await apply(admin, PROVIDER | {"api_key": "sk-second", "region": "eu"})
        ups = "/api/resources/Provider/up/versions"
        assert [each["fields"] for each in (await got(admin, ups))["data"]] == [["region"], ["api_key"], []]
        replaced = {"field": "api_key", "before": "********", "after": "********"}
        assert (await got(admin, f"{ups}/2/diff"))["differences"] == [replaced]
        assert (await got(admin, f"{ups}/3/diff"))["differences"] == [{"field": "region", "before": None, "after": "eu"}]
        assert {each["field"] for each in (await got(admin, f"{ups}/1/diff?against=3"))["differences"]} == {
            "api_key", "region",
        }  # fmt: skip
        async with stoa.parts.database.read() as connection:
            kept = json.dumps([row.spec for row in await connection.execute(select(resource_versions))])
        assert "sk-" not in kept
        assert "h-first" not in kept
        assert kept.count('"api_key": "********"') == 3
        # Back to the first form, with the key as it is now.
        assert (await admin.post(f"{ups}/1/restore")).json()["change"] == "changed"
        assert (await got(admin, f"{ups}/4/diff"))["differences"] == [{"field": "region", "before": "eu", "after": None}]
        await apply(admin, PROVIDER | {"base_url": "http://other/v1"})
        told = await refused(await admin.post(f"{ups}/1/restore"), 409)
        assert "a stored secret does not follow to another base_url; send it again" in told
        for path in ("Model/gpt", "Provider/up"):
            assert (await admin.delete(f"/api/resources/{path}")).status_code == 204
        assert "'********' stands for a stored secret" in await refused(await admin.post(f"{ups}/1/restore"), 409)


async def test_who_may_not_read_a_resource_sees_none_of_its_versions(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    await stoa.administer("POST", "/api/teams", {"name": "sales"})
    eve = await stoa.add_user("eve", "member", "developer", team="sales")
    bob, audit = await stoa.add_user("bob", "member"), await stoa.add_user("audit", "auditor")
    await apply(ann, ASSISTANT)
    await apply(ann, ASSISTANT | {"prompt": "Be brief."})
    for path in ("", "/1", "/1/diff"):
        assert (await bob.get(DESK + path)).status_code == 403  # a member asks it and sees no prompt of it
        assert (await eve.get(DESK + path)).status_code == 404
        assert (await audit.get(DESK + path)).status_code == 200
    assert (await bob.post(f"{DESK}/1/restore")).status_code == 403
    assert (await audit.post(f"{DESK}/1/restore")).status_code == 403
    assert (await eve.post(f"{DESK}/1/restore")).status_code == 404
    assert (await eve.delete(f"{DESK}/1")).status_code == 404
    tried = {"earlier": {"name": "desk", "version": 1}, "messages": [{"role": "user", "content": "Hi?"}]}
    assert (await bob.post("/api/assistants/try", json=tried)).status_code == 404
    assert (await eve.post("/api/assistants/try", json=tried)).status_code == 404


async def test_what_can_be_no_name_has_no_versions(stoa: Running) -> None:
    async with stoa.client(stoa.local_key) as admin:
        for name in ("No", "a%00b", "x" * 200, "%F0%9F%A6%8A"):
            assert (await admin.get(f"/api/resources/Assistant/{name}/versions")).status_code == 404
        assert "Did you mean 'Assistant'?" in await refused(await admin.get("/api/resources/Asistant/desk/versions"), 400)
        assert (await admin.get(f"{DESK}/0")).status_code == 400
        assert (await admin.get(f"{DESK}/99999999999")).status_code == 400
        assert (await admin.get(f"{DESK}?cursor=%FF")).status_code == 400


async def test_what_another_team_had_under_the_name_stays_theirs(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    await stoa.administer("POST", "/api/teams", {"name": "sales"})
    eve = await stoa.add_user("eve", "member", "developer", team="sales")
    await apply(ann, ASSISTANT)
    assert (await ann.delete("/api/resources/Assistant/desk")).status_code == 204
    await apply(eve, ASSISTANT | {"teams": ["sales"], "prompt": "Sell."})
    assert [each["version"] for each in (await got(eve, DESK))["data"]] == [3, 2]
    assert (await eve.get(f"{DESK}/1")).status_code == 404
    assert (await eve.get(f"{DESK}/3/diff?against=1")).status_code == 404
    assert (await eve.post(f"{DESK}/1/restore")).status_code == 404
    assert (await ann.get(DESK)).status_code == 404  # and what is now the others' is theirs


async def test_what_an_earlier_version_said_can_be_forgotten(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    await apply(ann, ASSISTANT | {"prompt": "Ask Jo Example, 0151 555."})
    assert "Change or delete it first" in await refused(await ann.delete(f"{DESK}/1"), 409)
    await apply(ann, ASSISTANT)
    assert (await ann.delete(f"{DESK}/1")).status_code == 204
    first = await got(ann, f"{DESK}/1")
    assert (first["forgotten"], first["resource"], first["author"]) == (True, None, "ann")
    for path in ("/2/diff", "/1/diff"):
        assert "was forgotten" in await refused(await ann.get(DESK + path), 409)
    assert "was forgotten" in await refused(await ann.post(f"{DESK}/1/restore"), 409)
    async with stoa.parts.database.read() as connection:
        assert "0151" not in str((await connection.execute(select(resource_versions))).all())


async def test_a_version_knows_its_author_by_id_and_nothing_else_of_them(stoa: Running) -> None:
    ann, ben = await stoa.add_user("ann", "member", "developer"), await stoa.add_user("ben", "member", "developer")
    await apply(ann, ASSISTANT)
    async with stoa.parts.database.read() as connection:
        assert "ann" not in str((await connection.execute(select(resource_versions))).all())
    own = (await got(ann, "/api/session"))["user"]["id"]
    async with stoa.parts.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == own).values(name="person-7", display_name=""))
    assert (await got(ben, DESK))["data"][0]["author"] == "person-7"
    async with stoa.parts.database.write() as connection:
        await connection.execute(users.delete().where(users.c.id == own))
    left = (await got(ben, DESK))["data"][0]
    assert (left["author"], left["by"]) == (None, own)
    key = await stoa.add_key("robot", kind="management", team="company", role="administrator")
    await apply(key, ASSISTANT | {"prompt": "Be brief."})
    assert (await got(ben, DESK))["data"][0]["author"] == "robot"


async def test_a_form_of_another_version_of_stoa_is_shown_and_not_restored(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    await apply(ann, ASSISTANT)
    await apply(ann, ASSISTANT | {"prompt": "Be brief."})
    old = ASSISTANT | {"temperament": "kind"}
    async with stoa.parts.database.write() as connection:
        await connection.execute(update(resource_versions).where(resource_versions.c.version == 1).values(spec=old))
    assert [each["version"] for each in (await got(ann, DESK))["data"]] == [2]  # of whose team it was is not known
    async with stoa.client(stoa.local_key) as admin:
        assert (await got(admin, f"{DESK}/1"))["resource"] == old
        told = await refused(await admin.post(f"{DESK}/1/restore"), 409)
    assert told.startswith("Version 1 of Assistant 'desk' has fields that are not known any more.")
    assert "'temperament'" in told
