"""An own guard is asked over the gateway's own client, and what is no reply of the form is no verdict."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from stoa.adapters.guards.http import HttpGuards
from stoa.adapters.providers.egress import Egress
from stoa.adapters.providers.http import HttpUpstreams
from stoa.domain.guards import Question, ReplyFinding, RequestFacts
from stoa.errors import ProviderError

QUESTION = Question(
    stage="input",
    texts=["hello", "world"],
    request=RequestFacts(request_id="r1", team="company", model="mock", path="/v1/chat/completions"),
    guardrail="own",
)


@pytest.fixture
async def service(listen: Any, read_request: Any) -> Any:
    """`await service(status, body)` gives the URL of a guard that answers so, and what it was asked."""
    asked: list[tuple[bytes, Any]] = []

    async def begin(status: int, body: bytes, *, headers: bytes = b"", wait: bool = False) -> Any:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head, sent = await read_request(reader)
            asked.append((head, json.loads(sent)))
            if wait:
                await asyncio.sleep(30)
            writer.write(b"HTTP/1.1 %d Told\r\ncontent-length: %d\r\n%b\r\n%b" % (status, len(body), headers, body))
            await writer.drain()

        return await listen(behave), asked

    return begin


async def test_a_reply_tells_what_was_found(service, upstreams: HttpUpstreams) -> None:
    reply = {"action": "mask", "findings": [{"kind": "CODENAME", "text": 1, "start": 0, "end": 5}]}
    url, asked = await service(200, json.dumps(reply).encode())
    guard = HttpGuards(upstreams).open(f"{url}/judge", {"X-Secret": "s3"}, 2.0)
    got = await guard.judge(QUESTION)
    assert (got.action, got.findings) == ("mask", [ReplyFinding("CODENAME", 1, 0, 5)])
    ((head, body),) = asked
    assert head.startswith(b"POST /judge HTTP/1.1")
    assert b"x-secret: s3" in head.lower()
    assert body == msgspec.to_builtins(QUESTION)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"{}", b""),
        (302, b"", b"location: http://169.254.169.254/\r\n"),
        (200, b"no json", b""),
        (200, b'{"findings": []}', b""),
        (200, b'{"action": "applaud"}', b""),
    ],
)
async def test_what_is_no_reply_is_no_verdict(
    service, upstreams: HttpUpstreams, status: int, body: bytes, headers: bytes
) -> None:
    url, _ = await service(status, body, headers=headers)
    with pytest.raises(ProviderError):
        await HttpGuards(upstreams).open(url, {}, 2.0).judge(QUESTION)


async def test_a_service_that_is_slow_is_not_waited_for(service, upstreams: HttpUpstreams) -> None:
    url, _ = await service(200, b'{"action": "pass"}', wait=True)
    with pytest.raises(ProviderError):
        await HttpGuards(upstreams).open(url, {}, 0.1).judge(QUESTION)


async def test_a_service_that_is_away_is_no_verdict(upstreams: HttpUpstreams) -> None:
    with pytest.raises(ProviderError):
        await HttpGuards(upstreams).open("http://127.0.0.1:9/", {}, 0.5).judge(QUESTION)


@pytest.fixture
async def closed() -> AsyncIterator[HttpUpstreams]:
    made = HttpUpstreams(Egress(["models.example.com"]))
    yield made
    made.close()


async def test_egress_rules_hold_for_guards_too(service, closed: HttpUpstreams) -> None:
    url, asked = await service(200, b'{"action": "pass"}')
    with pytest.raises(ProviderError):
        await HttpGuards(closed).open(url, {}, 1.0).judge(QUESTION)
    assert asked == []
