from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from stoa.adapters.database.tables import documents, resources

if TYPE_CHECKING:
    from tests.api.conftest import Running

PROVIDER = {"kind": "Provider", "name": "openai", "base_url": "https://api.openai.com/v1", "api_key": "sk-geheim"}
MODEL = {"kind": "Model", "name": "gpt", "provider": "openai"}
ROUTE = {"kind": "Route", "name": "best", "targets": [{"model": "gpt"}]}
COLLECTION = {"kind": "Collection", "name": "handbook", "team": "company"}
ASSISTANT = {"kind": "Assistant", "name": "helper", "route": "best", "collections": ["handbook"]}
LIMIT = {"kind": "Limit", "name": "calm", "scope": "model", "subject": "gpt", "requests": 10}
BUDGET = {"kind": "Budget", "name": "small", "scope": "team", "subject": "company", "per": "day", "limit_usd": "5"}
ALL = [ASSISTANT, COLLECTION, ROUTE, MODEL, PROVIDER]


async def apply(stoa: "Running", *wanted: object, status: int = 200, **more: object) -> Any:
    async with stoa.client(stoa.local_key) as administrator:
        answer = await administrator.post("/api/resources/apply", json={"resources": wanted, **more})
    assert answer.status_code == status, answer.text
    return answer.json()


async def kept(stoa: "Running") -> str:
    async with stoa.parts.database.read() as connection:
        return str((await connection.execute(select(resources))).all())


async def test_resources_are_applied_in_any_order_and_again_without_effect(stoa: "Running") -> None:
    first = await apply(stoa, *ALL)
    assert {change["change"] for change in first["changes"]} == {"created"}
    again = await apply(stoa, *ALL)
    assert {change["change"] for change in again["changes"]} == {"unchanged"}
    changed = await apply(stoa, {**ROUTE, "cache": False})
    assert [(c["change"], c["before"].get("cache"), c["after"]["cache"]) for c in changed["changes"]] == [
        ("changed", None, False)
    ]


async def test_a_dry_run_tells_and_changes_nothing(stoa: "Running") -> None:
    told = await apply(stoa, *ALL, dry_run=True)
    assert {change["change"] for change in told["changes"]} == {"created"}
    assert (await stoa.administer("GET", "/api/resources"))["data"] == []


async def test_secrets_are_sealed_at_rest_masked_on_the_way_out_and_open_in_the_gateway(stoa: "Running") -> None:
    told = await apply(stoa, {**PROVIDER, "headers": {"x-team": "geheim-too"}})
    listed = await stoa.administer("GET", "/api/resources/Provider/openai")
    assert "geheim" not in str(told) + str(listed) + await kept(stoa)
    assert listed["api_key"] == listed["headers"]["x-team"] == "********"
    provider = (await stoa.parts.feed.refresh()).providers["openai"]
    assert provider.api_key is not None
    assert stoa.parts.secrets.open(provider.api_key) == "sk-geheim"
    assert stoa.parts.secrets.open(provider.headers["x-team"]) == "geheim-too"


async def test_a_masked_secret_that_comes_back_stays_but_does_not_follow_to_another_url(stoa: "Running") -> None:
    await apply(stoa, PROVIDER)
    shown = await stoa.administer("GET", "/api/resources/Provider/openai")
    assert (await apply(stoa, shown))["changes"][0]["change"] == "unchanged"
    await apply(stoa, {**shown, "base_url": "https://elsewhere.example/v1"}, status=400)
    await apply(stoa, {**PROVIDER, "name": "other", "api_key": "********"}, status=400)


MISTAKES: list[tuple[Any, str]] = [
    ({"kind": "Modell", "name": "x"}, "Did you mean 'Model'?"),
    ({"name": "x"}, "has no kind"),
    ("text", "must be an object"),
    ({**MODEL, "provider": "opnai"}, "Did you mean 'openai'?"),
    ({**MODEL, "providr": "openai"}, "unknown field 'providr'. Did you mean 'provider'?"),
    ({**MODEL, "price": {"input_per_milion": "1"}}, "unknown field 'price.input_per_milion'"),
    ({**MODEL, "price": {"input_per_million": "cheap"}}, "price.input_per_million"),
    ({**MODEL, "price": {"input_per_million": "-1"}}, "not negative"),
    ({**MODEL, "teams": ["compny"]}, "Did you mean 'company'?"),
    ({**MODEL, "name": "Not A Name"}, "field 'name'"),
    ({"kind": "Model", "name": "x"}, "missing required field `provider`"),
    ({**ROUTE, "targets": []}, "field 'targets'"),
    ({**LIMIT, "request": 1}, "unknown field 'request'. Did you mean 'requests'?"),
    ({**LIMIT, "scope": "planet"}, "'scope'"),
    ({"kind": "Limit", "name": "idle", "scope": "team"}, "it limits nothing"),
    ({**LIMIT, "requests": 0}, "'requests'"),
    ({**LIMIT, "subject": "gtp"}, "there is no 'gtp'. Did you mean 'gpt'?"),
    ({**LIMIT, "scope": "key", "subject": "ap"}, "there is no key 'ap'."),
    ({**LIMIT, "time_zone": "Europe/Atlantis"}, "no time zone 'Europe/Atlantis'"),
    ({**LIMIT, "local_share": 0}, "'local_share'"),
    ({"kind": "Budget", "name": "idle", "scope": "team"}, "it bounds nothing"),
    ({**BUDGET, "limit_usd": "five"}, "'limit_usd'"),
    ({**BUDGET, "warn_usd": "6"}, "would never be said"),
    ({**BUDGET, "per": "year"}, "'per'"),
    ({**BUDGET, "subject": "compny"}, "Did you mean 'company'?"),
    ({**BUDGET, "scope": "assistant", "subject": "hr"}, "there is no 'hr'"),
    ({**BUDGET, "budget": "5"}, "unknown field 'budget'"),
    ({**ROUTE, "targets": [{"model": "gtp"}]}, "Did you mean 'gpt'?"),
    ({**ROUTE, "targets": [{"model": "gpt"}, {"model": "stoa-embed"}]}, "one route has one"),
    ({**ROUTE, "targets": [{"model": "gpt", "weight": 0}]}, "above 0"),
    ({**ROUTE, "name": "gpt"}, "a model is called 'gpt' too"),
    ({**COLLECTION, "team": "reds"}, "there is no 'reds'"),
    ({**COLLECTION, "embedding_model": "gpt"}, "one for embedding is needed"),
    ({**ASSISTANT, "route": "stoa-embed"}, "one for chat is needed"),
    ({**ASSISTANT, "collections": ["handbok"]}, "Did you mean 'handbook'?"),
    ({**PROVIDER, "api_key": "${env:OPENAI_API_KEY}"}, "was not filled in"),
    ({**PROVIDER, "api_key": "two\r\nlines"}, "cannot carry"),
    ({**PROVIDER, "headers": {"x:y": "z"}}, "cannot name a header"),
    ({**PROVIDER, "base_url": "https://me:pw@api.example/v1"}, "no place for a password"),
    ({**PROVIDER, "base_url": "ftp://api.example"}, "field 'base_url'"),
]


async def test_a_mistake_is_named_and_nothing_of_the_application_stays(stoa: "Running", subtests: pytest.Subtests) -> None:
    await apply(stoa, *ALL)
    before = await kept(stoa)
    for wrong, told in MISTAKES:
        with subtests.test(told):
            answer = await apply(stoa, {**MODEL, "name": "another"}, wrong, status=400)
            assert told in answer["error"]["message"]
            assert "geheim" not in answer["error"]["message"]
            assert await kept(stoa) == before


async def test_the_same_resource_twice_is_refused(stoa: "Running") -> None:
    assert "is there twice" in (await apply(stoa, PROVIDER, PROVIDER, status=400))["error"]["message"]


async def test_what_is_in_use_is_not_deleted(stoa: "Running") -> None:
    await apply(stoa, *ALL)
    async with stoa.client(stoa.local_key) as administrator:
        for path, user in (
            ("Provider/openai", "Model 'gpt'"),
            ("Model/gpt", "Route 'best'"),
            ("Route/best", "Assistant 'helper'"),
        ):
            answer = await administrator.delete(f"/api/resources/{path}")
            assert answer.status_code == 409
            assert user in answer.json()["error"]["message"]
        for path in ("Assistant/helper", "Route/best", "Model/gpt", "Provider/openai", "Collection/handbook"):
            assert (await administrator.delete(f"/api/resources/{path}")).status_code == 204
        assert (await administrator.delete("/api/resources/Model/gpt")).status_code == 404


async def test_a_collection_with_documents_is_not_deleted_and_keeps_its_embedding_model(stoa: "Running") -> None:
    await apply(stoa, PROVIDER, COLLECTION, {**MODEL, "name": "other-embed", "operation": "embedding"})
    row = {"id": "d", "collection": "handbook", "source": "s", "path": "p", "title": "t", "digest": "x", "bytes": 1, "acl": []}
    async with stoa.parts.database.write() as connection:
        await connection.execute(insert(documents).values(**row, state="indexed", created_at=0, updated_at=0))
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.delete("/api/resources/Collection/handbook")).status_code == 409
    await apply(stoa, {**COLLECTION, "embedding_model": "other-embed"}, status=409)
    await apply(stoa, {**COLLECTION, "description": "All we know"})


async def test_a_built_in_model_can_be_replaced(stoa: "Running") -> None:
    await apply(stoa, PROVIDER, {**MODEL, "name": "stoa-reader"})
    assert (await stoa.parts.feed.refresh()).models["stoa-reader"].provider == "openai"


async def test_a_developer_applies_for_their_own_team_alone(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/teams", {"name": "red"})
    await apply(stoa, COLLECTION, {**COLLECTION, "name": "reds", "team": "red"})
    ann = await stoa.add_user("ann", "developer", team="red")

    async def applies(resource: object) -> int:
        return (await ann.post("/api/resources/apply", json={"resources": [resource]})).status_code

    assert await applies({**ASSISTANT, "route": "stoa-reader", "collections": ["reds"], "teams": ["red"]}) == 200
    assert await applies({**ASSISTANT, "name": "for-all", "route": "stoa-reader", "collections": []}) == 403
    assert await applies({**COLLECTION, "team": "red"}) == 403  # another team's collection is not taken over
    assert await applies({**COLLECTION, "name": "new", "team": "company"}) == 403
    assert await applies(PROVIDER) == 403
    shown = (await ann.get("/api/resources")).json()["data"]
    assert [each["name"] for each in shown] == ["helper", "reds"]
    assert (await ann.get("/api/resources/Collection/handbook")).status_code == 404
    assert (await ann.delete("/api/resources/Collection/handbook")).status_code == 403


async def test_resources_are_listed_by_kind_and_page(stoa: "Running") -> None:
    await apply(stoa, *ALL)
    models = await stoa.administer("GET", "/api/resources?kind=Model")
    assert [each["name"] for each in models["data"]] == ["gpt"]
    names: list[str] = []
    cursor = ""
    while cursor is not None:
        page = await stoa.administer("GET", f"/api/resources?limit=2{cursor and '&cursor=' + cursor}")
        names += [each["name"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert names == ["helper", "handbook", "gpt", "openai", "best"]
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.get("/api/resources?kind=Modle")).status_code == 400
        assert (await administrator.get("/api/resources?cursor=%FF")).status_code == 400


async def test_the_catalog_names_what_the_user_may_chat_with(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/teams", {"name": "red"})
    await apply(stoa, *ALL, {**MODEL, "name": "secret", "teams": ["red"]}, {**ASSISTANT, "name": "inner", "route": "secret"})
    admin = await stoa.signed_in("admin")
    catalog = (await admin.get("/api/catalog")).json()
    assert [each["model"] for each in catalog["assistants"]] == ["assistant/helper"]
    assert [each["model"] for each in catalog["models"]] == ["best", "gpt", "stoa-reader"]
    ann = await stoa.add_user("ann", "member", team="red")
    catalog = (await ann.get("/api/catalog")).json()
    assert [each["model"] for each in catalog["assistants"]] == ["assistant/helper", "assistant/inner"]
    operator = await stoa.add_user("olga", "operator")
    assert (await operator.get("/api/catalog")).json() == {"assistants": [], "models": []}
