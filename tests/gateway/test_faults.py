"""Why a try gave no answer, as the client is told it: when to come back, whose fault it is, and what may be repeated of it."""

import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from stoa.adapters.providers.memory import JSON, Scripted


def refused(status: int, body: Any, **headers: str) -> Scripted:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Scripted(status, [json.dumps(body).encode()], [*JSON, *told])


@pytest.mark.parametrize(("written", "told"), [("7", "7"), ("0.4", "1"), ("1.5", "2"), ("soon", None), ("-3", None)])
async def test_a_retry_after_in_seconds_is_passed_on_as_whole_ones(house, written: str, told: str | None) -> None:
    reply = await house(refused(429, {"error": {"message": "slow down"}}, retry_after=written)).chat()
    assert (reply.status, reply.named.get("retry-after")) == (429, told)


async def test_a_retry_after_may_be_a_date(house) -> None:
    date = formatdate(time.time() + 30, usegmt=True)
    reply = await house(refused(503, {"error": {"message": "slow down"}}, retry_after=date)).chat()
    assert reply.status == 503
    assert 1 <= int(reply.named["retry-after"]) <= 31


async def test_a_spent_quota_leaves_the_target_alone_for_a_minute(house) -> None:
    error = {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": "insufficient_quota"}
    here = house(refused(429, {"error": error}))
    assert (await here.chat()).named["retry-after"] == "60"
    assert "left alone after rate_limit" in (await here.chat()).error["message"]
    assert len(here.upstreams.sent) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "boom"}}, "boom"),
        ({"error": "boom", "error_type": "generation"}, "boom"),
        ({"object": "error", "message": "boom", "type": "internal_server_error", "code": 1000}, "boom"),
        ({"detail": "boom"}, "boom"),
        ({"detail": [{"loc": ["body"]}]}, '[{"loc":["body"]}]'),
        ([1, 2], "[1, 2]"),
    ],
)
async def test_what_an_upstream_says_is_repeated_in_whichever_form_it_says_it(house, body: Any, said: str) -> None:
    reply = await house(refused(500, body)).chat()
    assert f"it answered 500: {said}." in reply.error["message"]


async def test_a_word_beside_the_message_tells_the_kind(house) -> None:
    body = {"object": "error", "message": "Nope.", "type": "context_length_exceeded", "code": 3051}
    reply = await house(refused(400, body)).chat()
    assert (reply.status, reply.error["code"], "Nope." in reply.error["message"]) == (400, "upstream_refused", True)
