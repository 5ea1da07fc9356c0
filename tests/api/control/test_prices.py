"""`/api/prices` over a whole control."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Running

APPLIED = [
    {"kind": "Provider", "name": "p", "base_url": "https://api.example/v1"},
    {"kind": "Model", "name": "m", "provider": "p"},
]


@pytest.fixture
async def priced(stoa: "Running") -> "Running":
    await stoa.administer("POST", "/api/resources/apply", {"resources": APPLIED})
    return stoa


async def of(stoa: "Running", model: str) -> dict[str, Any]:
    found = await stoa.administer("GET", "/api/prices")
    return next(each for each in found["data"] if each["model"] == model)


async def test_a_price_is_unknown_until_somebody_says_it_and_facts_can_be_followed_to_it(priced: "Running") -> None:
    assert await of(priced, "m") == {"model": "m", "provider": "p", "source": "unknown", "price": None}
    made = await priced.administer(
        "POST", "/api/prices/models/m", {"price": {"input_per_million": "2.50", "per_request": "0.01"}}
    )
    shown = await of(priced, "m")
    assert (shown["source"], shown["price"]["input_per_million"], shown["price"]["per_request"]) == ("set", 2.5, 0.01)
    version = (await priced.administer("GET", "/api/prices"))["version"]
    kept = await priced.administer("GET", f"/api/prices/versions/{version}")
    assert kept["prices"]["m"]["input_per_million"] == 2.5
    history = await priced.administer("GET", "/api/prices/history?model=m")
    assert [each["id"] for each in history["data"]] == [made["id"]]
    await priced.administer("POST", "/api/prices/models/m", {"price": None})
    assert (await of(priced, "m"))["source"] == "unknown"


async def test_a_price_comes_into_force_by_its_time_alone(priced: "Running") -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=0.6)).isoformat()
    await priced.administer("POST", "/api/prices/models/m", {"price": {"input_per_million": "7"}, "starts_at": soon})
    before = await priced.parts.feed.refresh()
    assert "m" not in before.prices
    for _ in range(100):
        after = await priced.parts.feed.refresh()
        if "m" in after.prices:
            break
        await asyncio.sleep(0.05)
    assert after.prices["m"].input == 7000.0
    assert after.version > before.version, "gateways ask for another version than theirs"
    assert after.price_version != before.price_version


async def test_a_price_to_come_can_be_taken_back_and_one_that_began_cannot(priced: "Running") -> None:
    later = {"price": {"input_per_million": "7"}, "starts_at": "2100-01-01T00:00:00Z"}
    made = await priced.administer("POST", "/api/prices/models/m", later)
    async with priced.client(priced.local_key) as administrator:
        assert (await administrator.post("/api/prices/models/m", json=later)).status_code == 409
        assert (await administrator.delete(f"/api/prices/history/{made['id']}")).status_code == 204
        begun = await priced.administer("POST", "/api/prices/models/m", {"price": {"input_per_million": "1"}})
        refused = await administrator.delete(f"/api/prices/history/{begun['id']}")
        assert refused.status_code == 409
        assert "has begun" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/api/prices/models/n", {"price": {"input_per_million": "1"}}, 404, "model"),
        ("/api/prices/models/m", {"price": {"input_per_million": "much"}}, 400, "input_per_million"),
        ("/api/prices/models/m", {"price": {"input": "1"}}, 400, "price.input"),
        ("/api/prices/models/m", {"price": {"output_per_million": "1"}}, 400, "price"),
        ("/api/prices/models/m", {"price": {"input_per_million": "1"}, "starts_at": "2020-01-01T00:00:00Z"}, 400, "starts_at"),
    ],
)
async def test_mistakes_are_refused_by_field(
    priced: "Running", path: str, body: dict[str, Any], status: int, param: str
) -> None:
    async with priced.client(priced.local_key) as administrator:
        refused = await administrator.post(path, json=body)
    assert refused.status_code == status, refused.text
    assert refused.json()["error"]["param"] == param, refused.text
