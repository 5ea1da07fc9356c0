"""A batch that may cost only so much."""

from collections.abc import Callable

import msgspec
import pytest
from tests.batches.conftest import Site, good, jsonl, request

from stoa.adapters.gateway_client.scripted import AskedLine, ScriptedAsker
from stoa.batches.purse import Purse
from stoa.domain.batches import Answered, Batch
from stoa.errors import InvalidRequest

Asking = Callable[..., ScriptedAsker]
EACH = 10_000_000  # a cent


def paid(line: AskedLine) -> Answered:
    return good(line)._replace(cost_nano_usd=EACH)


async def test_no_line_is_asked_once_the_money_is_spent_and_what_is_left_says_why(site: Site, asker: Asking) -> None:
    batch, gateway = await site.batch(jsonl([request(n) for n in range(40)]), cost_limit_usd="0.10"), asker(paid, pause_s=0.001)
    done = await site.run(batch, gateway)
    assert (done.status, done.completed, done.failed, done.cost_nano_usd) == ("failed", 10, 30, 10 * EACH)
    assert [fault.code for fault in done.errors] == ["cost_limit_reached"]
    assert len(gateway.asked) == 10
    assert len(await site.lines(done.output_file_id)) == 10
    errors = await site.lines(done.error_file_id)
    assert {line["error"]["code"] for line in errors} == {"cost_limit_reached"}
    assert "$0.10 were spent, and the limit is $0.10" in errors[0]["error"]["message"]
    job = await site.job(batch)
    assert job.state == "failed"
    assert "the limit is $0.10" in (job.message or "")


async def test_a_batch_within_its_limit_is_whole(site: Site, asker: Asking) -> None:
    done = await site.run(await site.batch(jsonl([request(n) for n in range(9)]), cost_limit_usd="0.10"), asker(paid))
    assert (done.status, done.completed, done.cost_nano_usd, done.unknown_cost_lines) == ("completed", 9, 9 * EACH, 0)


async def test_a_limit_that_cannot_be_held_stops_at_the_first_line_whose_cost_nobody_knows(site: Site, asker: Asking) -> None:
    gateway = asker(good)
    done = await site.run(await site.batch(jsonl([request(n) for n in range(9)]), cost_limit_usd="0.10"), gateway)
    assert (done.status, done.completed, done.unknown_cost_lines) == ("failed", 1, 1)
    assert [fault.code for fault in done.errors] == ["cost_unknown"]
    assert len(gateway.asked) == 1, "one at a time, until it is known what they cost"


async def test_without_a_limit_unknown_costs_are_counted_and_not_taken_for_zero(site: Site, asker: Asking) -> None:
    done = await site.run(await site.batch(jsonl([request(n) for n in range(9)])), asker(good))
    assert (done.status, done.cost_nano_usd, done.unknown_cost_lines) == ("completed", 0, 9)


async def test_what_was_refused_costs_nothing(site: Site, asker: Asking) -> None:
    def refused(line: AskedLine) -> Answered:
        return Answered(404, b'{"error": {"code": "model_not_found"}}', line.request_id)

    done = await site.run(await site.batch(jsonl([request(n) for n in range(5)]), cost_limit_usd="0.10"), asker(refused))
    assert (done.status, done.failed, done.cost_nano_usd, done.unknown_cost_lines) == ("completed", 5, 0, 0)


@pytest.mark.parametrize("limit", ["0", "-1", "lots"])
async def test_a_limit_that_is_no_amount_is_refused(site: Site, limit: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await site.batch(jsonl([request(1)]), cost_limit_usd=limit)
    assert refused.value.param == "cost_limit_usd"


def batch_of(**changes: object) -> Batch:
    usual = Batch(
        id="batch_1", team="red", key_id="k", user_id=None, acl=frozenset(), endpoint="/v1/chat/completions",
        input_file_id="file-1", metadata=None, status="in_progress", total=100, created_at=0, expires_at=86_400_000,
        in_progress_at=1000,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changes)


def test_what_is_under_way_counts_as_much_as_lines_cost_so_far() -> None:
    purse = Purse(batch_of(cost_limit_nano_usd=100, cost_nano_usd=60, completed=6))
    begun = 0
    while purse.is_open:
        purse.begin()
        begun += 1
    assert begun == 4
    assert purse.fault is None, "nothing is decided before they are back"
    for _ in range(4):
        purse.end(8)
    assert purse.is_open, "they were cheaper"
    purse.begin()
    purse.end(8)
    assert purse.fault is not None


def test_when_it_ends_is_told_by_how_it_went() -> None:
    assert batch_of(completed=20, failed=5).ends_about_ms(26_000) == 26_000 + 75_000
    assert batch_of().ends_about_ms(26_000) is None
    assert batch_of(status="completed", completed=100).ends_about_ms(26_000) is None
    assert batch_of(completed=1).ends_about_ms(80_000_000) == 86_400_000, "no later than it expires"
