"""`/v1/vector_stores` with OpenAI's own client: stores, files, batches, searches with filters, and whose they are."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import httpx2
import msgspec
import openai
import pytest
from openai import AsyncOpenAI
from tests.api.company import Company

from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.vector_stores.keeping import expire
from stoa.domain.behalf import Behalf, mint

Connect = Callable[..., Awaitable[AsyncOpenAI]]


@pytest.fixture
async def connect(company: Company) -> AsyncIterator[Connect]:
    """OpenAI's client with a new key, as the gateway passes its requests on."""
    stoa, made = company.running, list[AsyncOpenAI]()

    async def connected(name: str, **wanted: object) -> AsyncOpenAI:
        key = await stoa.administer("POST", "/api/keys", {"name": name, **wanted})
        token = mint(Behalf(key=key["id"]), key=stoa.parts.secrets.behalf_key, now_s=time.time())
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(stoa.app, raise_app_exceptions=False))
        made.append(AsyncOpenAI(base_url="http://stoa.test/v1", api_key=token, http_client=http, max_retries=0))
        return made[-1]

    yield connected
    for client in made:
        await client.close()


@pytest.fixture
async def client(connect: Connect) -> AsyncOpenAI:
    return await connect("app")


async def upload(client: AsyncOpenAI, name: str, text: str) -> str:
    return (await client.files.create(file=(name, text.encode()), purpose="assistants")).id


async def filled(company: Company, client: AsyncOpenAI) -> tuple[str, dict[str, str]]:
    """A store of three files with attributes; their ids by name."""
    store = await client.vector_stores.create(name="Travel")
    said: dict[str, dict[str, Any]] = {
        "trains.md": {"area": "north", "year": 2024}, "planes.md": {"area": "south", "year": 2026}, "pay.txt": {},
    }  # fmt: skip
    ids = {name: await upload(client, name, f"Rules of travel in {name}.") for name in said}
    for name, attributes in said.items():
        await client.vector_stores.files.create(vector_store_id=store.id, file_id=ids[name], attributes=attributes)
    await company.work()
    return store.id, ids


async def test_a_store_is_made_read_changed_and_deleted(company: Company, client: AsyncOpenAI) -> None:
    file = await upload(client, "plan.txt", "The plan is to move.")
    store = await client.vector_stores.create(
        name="Plans", file_ids=[file], metadata={"for": "tests"},
        expires_after={"anchor": "last_active_at", "days": 7},
        chunking_strategy={"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}},
    )  # fmt: skip
    assert store.id.startswith("vs_")
    assert (store.name, store.status, store.metadata, store.file_counts.in_progress) == (
        "Plans", "in_progress", {"for": "tests"}, 1,
    )  # fmt: skip
    assert store.expires_at is not None
    assert store.expires_at - store.created_at == 7 * 86_400
    await company.work()
    read = await client.vector_stores.retrieve(store.id)
    assert (read.status, read.file_counts.completed, read.usage_bytes) == ("completed", 1, len("The plan is to move."))
    changed = await client.vector_stores.update(store.id, name="Old plans", metadata=None, expires_after=None)
    assert (changed.name, changed.metadata, changed.expires_at) == ("Old plans", {}, None)
    assert [each.id for each in (await client.vector_stores.list(limit=1)).data] == [store.id]
    assert (await client.vector_stores.delete(store.id)).deleted
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.retrieve(store.id)
    await company.work()
    assert company.index._rows[store.id] == {each: [] for each in company.index._rows[store.id]}
    assert (await client.files.retrieve(file)).id == file


async def test_files_are_put_in_read_described_and_taken_out(company: Company, client: AsyncOpenAI) -> None:
    store, ids = await filled(company, client)
    listed = await client.vector_stores.files.list(store, order="asc", limit=2)
    rest = await client.vector_stores.files.list(store, order="asc", limit=2, after=listed.data[-1].id)
    back = await client.vector_stores.files.list(store, order="asc", limit=1, before=rest.data[0].id)
    assert [each.id for each in [*listed.data, *rest.data]] == list(ids.values())
    assert [each.id for each in back.data] == [listed.data[-1].id]
    assert (await client.vector_stores.files.list(store, filter="failed")).data == []
    file = await client.vector_stores.files.retrieve(ids["trains.md"], vector_store_id=store)
    assert (file.status, file.attributes, file.last_error) == ("completed", {"area": "north", "year": 2024.0}, None)
    content = await client.vector_stores.files.content(ids["trains.md"], vector_store_id=store)
    assert [each.text for each in content.data] == ["Rules of travel in trains.md."]
    said = await client.vector_stores.files.update(ids["trains.md"], vector_store_id=store, attributes={"area": "west"})
    assert said.attributes == {"area": "west"}
    assert (await client.vector_stores.files.delete(ids["trains.md"], vector_store_id=store)).deleted
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.files.retrieve(ids["trains.md"], vector_store_id=store)


async def test_a_file_that_is_deleted_is_out_of_every_store(company: Company, client: AsyncOpenAI) -> None:
    store, ids = await filled(company, client)
    await client.files.delete(ids["pay.txt"])
    assert ids["pay.txt"] not in [each.id for each in (await client.vector_stores.files.list(store)).data]
    await company.work()
    assert "pay.txt" not in [each.filename for each in (await client.vector_stores.search(store, query="travel pay")).data]


async def test_a_search_is_filtered_by_attributes_and_says_them(company: Company, client: AsyncOpenAI) -> None:
    store, ids = await filled(company, client)

    async def found(query: str | list[str] = "rules of travel", **wanted: Any) -> list[str]:
        results = await client.vector_stores.search(store, query=query, **wanted)
        assert {each.file_id for each in results.data} <= set(ids.values())
        return sorted(each.filename for each in results.data)

    assert await found() == sorted(ids)
    assert await found(max_num_results=1) != []
    assert await found(filters={"type": "eq", "key": "area", "value": "north"}) == ["trains.md"]
    both = [{"type": "gte", "key": "year", "value": 2024}, {"type": "ne", "key": "area", "value": "south"}]
    assert await found(filters={"type": "and", "filters": both}) == ["trains.md"]
    assert await found(filters={"type": "in", "key": "area", "value": ["south", "east"]}) == ["planes.md"]
    assert await found(ranking_options={"score_threshold": 0.99}) == []
    lexical = {"hybrid_search": {"embedding_weight": 0, "text_weight": 1}}
    assert await found("planes", ranking_options=lexical) == ["planes.md"]
    assert await found(["trains", "planes"], max_num_results=2, rewrite_query=True) == ["planes.md", "trains.md"]
    results = await client.vector_stores.search(store, query="travel in planes")
    best = results.data[0]
    assert (best.filename, best.attributes, best.content[0].text) == (
        "planes.md", {"area": "south", "year": 2026.0}, "Rules of travel in planes.md.",
    )  # fmt: skip
    assert 0 < best.score <= 1


async def test_a_batch_of_files_is_followed_and_one_that_cannot_be_read_says_why(company: Company, client: AsyncOpenAI) -> None:
    store = await client.vector_stores.create(name="Batch")
    good, bad = await upload(client, "good.txt", "All good."), await upload(client, "bad.pdf", "%PDF-1.4 nonsense")
    files: Any = [{"file_id": good, "attributes": {"n": 1}}, {"file_id": bad}]
    batch = await client.vector_stores.file_batches.create(store.id, files=files)
    assert (batch.status, batch.file_counts.total) == ("in_progress", 2)
    await company.work()
    done = await client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store.id)
    assert (done.status, done.file_counts.completed, done.file_counts.failed) == ("completed", 1, 1)
    failed = await client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="failed")
    (one,) = failed.data
    assert one.id == bad
    assert one.last_error is not None
    assert one.last_error.code == "invalid_file"
    assert (await client.vector_stores.retrieve(store.id)).file_counts.failed == 1
    again = await client.vector_stores.file_batches.create(store.id, file_ids=[good])
    assert (await client.vector_stores.file_batches.cancel(again.id, vector_store_id=store.id)).status == "cancelled"
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.file_batches.retrieve("vsfb_job_x", vector_store_id=store.id)


async def test_a_file_may_be_for_fewer_than_the_team(company: Company, connect: Connect) -> None:
    boss, app = await connect("boss", groups=["hr"]), await connect("plain")
    store = await boss.vector_stores.create(name="Pay")
    file = await upload(boss, "pay.txt", "The salary of grade nine.")
    with pytest.raises(openai.NotFoundError):  # of somebody who holds more tags
        await app.vector_stores.files.create(store.id, file_id=file)
    await boss.vector_stores.files.create(store.id, file_id=file, extra_body={"allow": ["group:hr"]})
    await company.work()
    assert len((await boss.vector_stores.search(store.id, query="salary")).data) == 1
    assert (await app.vector_stores.search(store.id, query="salary")).data == []
    assert (await app.vector_stores.files.list(store.id)).data == []
    for refused in (
        app.vector_stores.files.content(file, vector_store_id=store.id),
        app.vector_stores.files.delete(file, vector_store_id=store.id),
    ):
        with pytest.raises(openai.NotFoundError):
            await refused
    with pytest.raises(openai.BadRequestError, match="There is no group"):
        await boss.vector_stores.files.create(store.id, file_id=file, extra_body={"allow": ["group:h"]})


async def test_a_collection_that_was_applied_is_searched_and_never_changed(company: Company, client: AsyncOpenAI) -> None:
    (document,) = (await company.upload({"rules/travel.txt": b"The rules of travel."}))["documents"]
    (found,) = (await client.vector_stores.search("handbook", query="travel")).data
    assert (found.file_id, found.filename) == (document["id"], "travel.txt")
    assert "handbook" in [each.id for each in (await client.vector_stores.list()).data]
    content = await client.vector_stores.files.content(document["id"], vector_store_id="handbook")
    assert content.data[0].text == "The rules of travel."
    file = await upload(client, "x.txt", "x")
    for refused in (
        client.vector_stores.delete("handbook"),
        client.vector_stores.update("handbook", name="mine"),
        client.vector_stores.files.create("handbook", file_id=file),
        client.vector_stores.files.delete(document["id"], vector_store_id="handbook"),
    ):
        with pytest.raises(openai.PermissionDeniedError):
            await refused


async def test_a_store_of_another_team_is_not_changed(company: Company, connect: Connect) -> None:
    mine, theirs = await connect("mine"), await connect("theirs", team="other")
    store = await mine.vector_stores.create(name="Mine")
    for refused in (theirs.vector_stores.delete(store.id), theirs.vector_stores.update(store.id, name="x")):
        with pytest.raises(openai.PermissionDeniedError):
            await refused


async def test_a_store_that_is_over_says_so_and_goes_with_its_documents(company: Company, client: AsyncOpenAI) -> None:
    store, _ = await filled(company, client)
    await client.vector_stores.update(store, expires_after={"anchor": "last_active_at", "days": 1})
    parts = company.running.parts
    async with parts.database.write() as connection:
        table = VectorStoreTable(connection)
        row = await table.get(store)
        assert row is not None
        await table.save(msgspec.structs.replace(row, last_active_at=row.last_active_at - 2 * 86_400_000))
    assert (await client.vector_stores.retrieve(store)).status == "expired"
    with pytest.raises(openai.BadRequestError, match="is over"):
        await client.vector_stores.search(store, query="travel")
    assert await expire(parts) == [store]
    with pytest.raises(openai.NotFoundError):
        await client.vector_stores.retrieve(store)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"nam": "x"}, "nam"),
        ({"expires_after": {"anchor": "created_at", "days": 1}}, "expires_after.anchor"),
        ({"expires_after": {"anchor": "last_active_at", "days": 0}}, "expires_after.days"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        (
            {"chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 150}}},
            "chunking_strategy.static.chunk_overlap_tokens",
        ),
        ({"file_ids": ["file-unknown"]}, "file_id"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_its_field(client: AsyncOpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        await client.post("/vector_stores", body=body, cast_to=httpx.Response)
    assert refused.value.status_code in (400, 404)
    assert refused.value.body["param"] == param  # type: ignore[index]
