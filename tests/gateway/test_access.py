"""What stands in the log of a request, and what never does: anywhere, whatever goes wrong."""

import asyncio
import json
import logging
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.adapters.telemetry.otel import OtelTracer
from stoa.domain.snapshot import TeamLimits
from stoa.domain.upstream import Failure
from stoa.errors import Unauthenticated
from stoa.gateway.access import MOST_A_SECOND, AccessLog
from stoa.kit.logs import JsonLines

SECRET = "the-merger-of-zeppelin"


class Lines(logging.Handler):
    """What would stand in the file."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines("gateway"))
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record) + "\n"

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.text.splitlines()) if line["logger"] == "stoa.access"]


@pytest.fixture
def lines() -> Any:
    kept, root, access = Lines(), logging.getLogger(), logging.getLogger("stoa.access")
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    access.setLevel(logging.INFO)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)
    access.setLevel(logging.NOTSET)


async def test_a_request_that_went_well_is_told_of_only_where_all_are(house, lines) -> None:
    for chosen, expected in (("none", 0), ("errors", 0), ("all", 1)):
        await house(log_requests=chosen).chat(x_request_id="abc")
        assert len(lines.requests) == expected
    (line,) = lines.requests
    del line["at"], line["ms"], line["fact"]
    assert line == {
        "level": "info", "role": "gateway", "logger": "stoa.access", "message": "request", "request_id": "abc", "status": 200,
        "operation": "chat", "form": "chat", "key": "app", "key_name": "app", "team": "company", "route": "mock",
        "model": "mock", "provider": "one", "lane": "realtime", "cache": "miss", "attempts": 1, "streamed": False,
        "prompt_tokens": 10, "completion_tokens": 20, "tokens_from": "provider", "cost_nano_usd": 13500, "snapshot": 7,
    }  # fmt: skip


async def test_what_fails_and_what_is_refused_is_told_of_by_its_code(house, lines) -> None:
    here = house(Scripted(500, [b"oops"], JSON), log_requests="errors")
    await here.chat()
    await here.chat("nobody")
    await here.ask("/v1/chat/completions", {}, key="x", peer="10.0.0.7")
    failed, unknown, stranger = lines.requests
    assert (failed["message"], failed["status"], failed["error"], failed["attempts"]) == (
        "request failed",
        502,
        "upstream_error",
        1,
    )
    assert (unknown["message"], unknown["status"], unknown["error"]) == ("request refused", 404, "model_not_found")
    assert (unknown["path"], unknown["key"], unknown["team"]) == ("/v1/chat/completions", "app", "company")
    assert "route" not in unknown, "what there is not is the client's own words"
    assert (stranger["status"], stranger["error"], stranger["peer"]) == (401, "invalid_api_key", "10.0.0.7")
    assert "key" not in stranger


async def test_when_everything_fails_the_log_does_not(lines) -> None:
    clock = [0.0]
    log = AccessLog(everything=False, name_of=lambda key: None, now=lambda: clock[0])

    class Nobody:
        peer = "10.0.0.7"

    for second in (0.0, 1.0):
        clock[0] = second
        for _ in range(3 * MOST_A_SECOND):
            log.refused(Unauthenticated("no"), Nobody(), path=None, request_id=None)  # type: ignore[arg-type]
    told = lines.requests
    assert len(told) == 2 * MOST_A_SECOND + 1
    assert f"{2 * MOST_A_SECOND} more requests" in told[MOST_A_SECOND]["message"]


def test_a_lines_request_id_and_fields_stand_beside_the_message() -> None:
    record = logging.makeLogRecord({"msg": "hi", "request_id": "r1", "fields": {"status": 500}})
    line = json.loads(JsonLines("gateway").format(record))
    assert (line["message"], line["request_id"], line["status"]) == ("hi", "r1", 500)


async def test_nothing_that_leaves_stoa_by_itself_holds_a_secret_or_content(house, make, lines) -> None:
    """Failures, refusals, a spent budget, broken streams: logs, metrics and spans, with everything switched on."""
    kept = InMemorySpanExporter()
    refusal = json.dumps({"error": {"message": f"no: {SECRET} sk-one", "code": "content_filter"}}).encode()
    scripts = [
        make.whole(SECRET),
        Scripted(400, [refusal], JSON),
        Scripted(401, [refusal.replace(b"content_filter", b"bad_key")], JSON),
        Scripted(429, [refusal], JSON),
        Scripted(500, [refusal], JSON),
        Scripted(200, [f"no json {SECRET} sk-one".encode()], JSON),
        Scripted(302, [SECRET.encode()], [(b"location", b"http://elsewhere/sk-one")]),
        Scripted(None, failure=Failure("connect", "no connection")),
        make.stream(*make.talk(SECRET)),
        make.stream(*make.talk(SECRET)[:2], done=False, usage=False),
        make.stream(*make.talk(SECRET)[:2], b'data: {"error":{"message":"' + SECRET.encode() + b' sk-one"}}\n\n', done=False),
        make.stream(b"data: " + SECRET.encode() + b"\n\n"),
    ]
    shown = ""
    for script in scripts:
        tracer = OtelTracer(SimpleSpanProcessor(kept), ratio=1.0)
        here = house(script, tracer=tracer, log_requests="all")
        here.documents.passages = [make.passage(1, SECRET)]
        for stream in (False, True):
            for model in ("mock", "spread", "assistant/handbook", SECRET, "sk-stoa-" + "b" * 43):
                await here.chat(model, SECRET, stream=stream, user=SECRET)
        reply = here.begin(
            "/v1/messages", {"model": "mock", "max_tokens": 5, "messages": [{"role": "user", "content": SECRET}]}
        )
        reply.intake.on_gone()
        await here.chat(text=SECRET, key="sk-stoa-" + "c" * 43)
        await here.chat(text=SECRET, x_request_id="sk-stoa-" + "a" * 43)
        await here.ask(f"/v1/{SECRET}?key=sk-stoa-x", {})
        await here.ask("/v1/chat/completions", f"{{{SECRET}".encode())
        await asyncio.sleep(0)
        shown += (await here.ask("/metrics", method="GET", key=None)).body.decode()
    here = house(log_requests="all", tracer=tracer, teams={"company": TeamLimits(monthly_budget=0)})
    assert (await here.chat(text=SECRET)).status == 429
    here.documents.embed_first = SECRET  # a collection that is not there: the search fails with a traceback
    await here.chat("assistant/handbook", SECRET)
    shown += "".join(span.to_json() for span in kept.get_finished_spans())
    assert {line["error"] for line in lines.requests if "error" in line} >= {
        "upstream_refused", "upstream_credentials", "upstream_rate_limited", "upstream_error", "upstream_malformed",
        "upstream_redirect", "upstream_connect", "upstream_truncated", "model_not_found", "invalid_api_key",
        "insufficient_quota", "invalid_request", "not_found",
    }  # fmt: skip
    for what, text in (("log", lines.text), ("metrics and spans", shown)):
        assert text
        for secret in (SECRET, "sk-"):
            at = text.find(secret)
            assert at < 0, f"{what}: {text[max(0, at - 300) : at + 100]}"
