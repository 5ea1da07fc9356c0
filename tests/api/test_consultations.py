"""What a collection is asked, from facts as gateways ship them."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from tests.api.company import Company

from stoa.domain.usage import SHADOW, Consulted, UsageFact

NOW = datetime.now(UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DAY_MS = 86_400_000


def fact(name: str, *consulted: Consulted, **fields: Any) -> UsageFact:
    usual = UsageFact(
        id=name, at_ms=NOW_MS, request_id=name, operation="chat", team="company", key_id="k", user_id=None,
        requested="assistant/a", assistant="a", model="m", provider="p", status=200, cache="miss", streamed=False,
        prompt_tokens=10, completion_tokens=5, tokens_from="provider", cost_nano_usd=1, latency_ms=1.0, first_token_ms=None,
        attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None, consulted=consulted or None,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **fields)


async def ship(company: Company, *facts: UsageFact) -> None:
    async with company.running.client(company.running.parts.secrets.internal_token) as gateway:
        answer = await gateway.post("/internal/usage", content=msgspec.msgpack.encode(list(facts)))
    assert answer.status_code == 200, answer.text


async def usage(company: Company, **params: str) -> Any:
    answer = await company.hana.get("/api/collections/handbook/usage", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_questions_citations_and_unanswered_ones_are_counted_by_day(company: Company) -> None:
    facts = (
        fact("a", Consulted("handbook", 5, {"d1": 2, "d2": 1}), Consulted("other", 1, {})),
        fact("b", Consulted("handbook", 3, {}), Consulted("other", 2, {"x": 1})),
        fact("c", Consulted("handbook", 0, {}), at_ms=NOW_MS - DAY_MS),
        fact("d"),
        fact("e", Consulted("handbook", 5, {"d1": 1}), arm=SHADOW),
    )
    await ship(company, *facts)
    await ship(company, *facts)
    found = await usage(company)
    assert (found["questions"], found["passages"], found["cited"], found["unanswered"]) == (3, 8, 3, 1)
    assert [(day["questions"], day["unanswered"]) for day in found["days"]] == [(1, 1), (2, 0)]
    assert found["days"][1]["day"] == NOW.date().isoformat()
    today = await usage(company, **{"from": NOW.date().isoformat()})
    assert today["questions"] == 2
    assert (await company.hana.get("/api/collections/handbook/usage", params={"from": "x"})).status_code == 400


async def test_an_answer_from_the_cache_cites_what_the_first_one_did(company: Company) -> None:
    await ship(company, fact("a", Consulted("handbook", 5, {"d1": 2})), fact("b", cache="hit", cache_of="a"))
    await ship(company, fact("c", cache="hit", cache_of="a"), fact("b", cache="hit", cache_of="a"))
    found = await usage(company)
    assert (found["questions"], found["cited"], found["hidden"]) == (3, 6, 1)


async def test_cited_documents_are_named_to_those_who_may_read_them(company: Company) -> None:
    (open_one,) = (await company.upload({"travel.md": b"# Travel\n\nFly."}))["documents"]
    (secret,) = (await company.upload({"pay.txt": b"Grade nine."}, groups="hr"))["documents"]
    await ship(company, fact("a", Consulted("handbook", 5, {open_one["id"]: 2, secret["id"]: 1})))
    await ship(company, fact("b", Consulted("handbook", 5, {secret["id"]: 1, "doc_gone": 1})))
    found = await usage(company)
    assert [(each["path"], each["answers"], each["passages"]) for each in found["documents"]] == [
        ("pay.txt", 2, 2),
        ("travel.md", 1, 2),
    ]
    assert found["hidden"] == 1
    seen = (await company.alex.get("/api/collections/handbook/usage")).json()
    assert ([each["path"] for each in seen["documents"]], seen["hidden"]) == (["travel.md"], 2)
    assert (await company.other.get("/api/collections/handbook/usage")).status_code == 404


async def test_what_answers_were_made_from_goes_with_the_facts(company: Company) -> None:
    old = NOW_MS - 4000 * DAY_MS
    await ship(company, fact("a", Consulted("handbook", 5, {"d1": 2}), at_ms=old), fact("b", Consulted("handbook", 1, {})))
    assert (await usage(company, **{"from": "2001-01-01"}))["questions"] == 2
    swept = await company.running.parts.sweeper.sweep(rest_s=0)
    found = await usage(company, **{"from": "2001-01-01"})
    assert (swept.usage, found["questions"], found["hidden"]) == (1, 1, 0)
