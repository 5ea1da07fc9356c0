import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.adapters.telemetry.otel import OtelTracer
from stoa.domain.resources import Hedge, Retries, Route, Shadow, Target
from stoa.domain.snapshot import TeamLimits
from stoa.domain.upstream import Failure
from stoa.gateway.inference import Inference

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Traces:
    """A tracer and what it was given."""

    def __init__(self, ratio: float = 1.0, draw: float = 0.5) -> None:
        self._kept = InMemorySpanExporter()
        self.tracer = OtelTracer(SimpleSpanProcessor(self._kept), ratio=ratio, draw=lambda: draw)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._kept.get_finished_spans()

    def of(self, kind: SpanKind) -> list[ReadableSpan]:
        return sorted((span for span in self.spans if span.kind is kind), key=lambda span: span.start_time)

    @property
    def server(self) -> ReadableSpan:
        (span,) = self.of(SpanKind.SERVER)
        return span

    @property
    def tries(self) -> list[ReadableSpan]:
        return self.of(SpanKind.CLIENT)


@pytest.fixture
def traces() -> Traces:
    return Traces()


@pytest.fixture
def traced(house, traces: Traces) -> Callable[..., Any]:
    return lambda *script, **options: house(*script, tracer=traces.tracer, **options)


def having(span: ReadableSpan, *names: str) -> tuple[Any, ...]:
    assert span.attributes is not None
    return tuple(span.attributes.get(name) for name in names)


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent is not None else None


async def test_a_request_leaves_a_span_of_itself_and_one_of_its_try(traced, traces) -> None:
    here = traced()
    assert (await here.chat(x_request_id="abc")).status == 200
    server, (tried,) = traces.server, traces.tries
    assert (server.name, tried.name) == ("POST /v1/chat/completions", "chat mock")
    assert parent_of(server) is None
    assert parent_of(tried) == server.context.span_id
    assert server.start_time <= tried.start_time <= tried.end_time <= server.end_time
    assert dict(server.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "url.path": "/v1/chat/completions",
        "http.response.status_code": 200,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "mock",
        "stoa.request_id": "abc",
        "stoa.team": "company",
        "stoa.key": "app",
        "stoa.route": "mock",
        "stoa.model": "mock",
        "stoa.provider": "one",
        "stoa.snapshot": 7,
        "stoa.cache": "miss",
        "stoa.lane": "realtime",
        "stoa.attempts": 1,
        "stoa.cost_nano_usd": here.facts[0].cost_nano_usd,
    }
    assert dict(tried.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai-compatible",
        "gen_ai.request.model": "mock",
        "gen_ai.request.stream": False,
        "gen_ai.response.id": "c1",
        "gen_ai.response.model": "up",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 20,
        "server.address": "one",
        "server.port": 80,
        "http.response.status_code": 200,
        "stoa.model": "mock",
        "stoa.provider": "one",
        "stoa.try": 1,
        "stoa.tokens_from": "provider",
    }
    assert {span.status.status_code for span in traces.spans} == {StatusCode.UNSET}


async def test_an_answer_from_the_cache_has_no_try(traced, traces) -> None:
    here = traced()
    await here.chat()
    await here.chat()
    assert [having(span, "stoa.cache", "stoa.attempts") for span in traces.of(SpanKind.SERVER)] == [("miss", 1), ("hit", 0)]
    assert len(traces.tries) == 1


async def test_those_that_wait_for_the_same_answer_have_spans_without_a_try(traced, traces) -> None:
    here = traced()
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
    first, *others = [here.begin("/v1/chat/completions", body) for _ in range(4)]
    others[0].intake.on_gone()
    first.intake.on_gone()  # what it began is finished for the other two
    for reply in others[1:]:
        assert (await reply.wait()).status == 200
    found = [having(span, "http.response.status_code", "stoa.cache", "stoa.attempts") for span in traces.of(SpanKind.SERVER)]
    assert sorted(found) == [(200, "hit", 0), (200, "hit", 0), (499, "miss", 0), (499, "miss", 1)]
    assert [having(tried, "http.response.status_code") for tried in traces.tries] == [(200,)]


async def test_a_stream_tells_tokens_time_and_why_it_ended(traced, traces, make) -> None:
    here = traced(make.stream(*make.talk("a", "b")))
    await here.chat(stream=True)
    (tried,) = traces.tries
    names = (
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.response.finish_reasons",
        "gen_ai.request.stream",
    )
    assert having(tried, *names) == (10, 20, ("stop",), True)
    assert having(tried, "gen_ai.response.time_to_first_chunk")[0] > 0


async def test_each_try_of_a_fallback_is_seen_and_only_the_one_that_answered_has_tokens(traced, traces, make) -> None:
    targets = (Target(model="mock"), Target(model="other", weight=0, arm="canary"))
    here = traced(
        lambda sent: Scripted(500, [b"oops"], JSON) if "one" in sent.url else make.whole("from two"),
        routes={"spread": Route(name="spread", targets=targets)},
    )
    await here.chat("spread")
    first, second = traces.tries
    assert having(first, "stoa.model", "error.type", "http.response.status_code", "gen_ai.usage.input_tokens") == (
        "mock", "upstream_error", 500, None,
    )  # fmt: skip
    assert first.status.status_code is StatusCode.ERROR
    assert first.end_time <= second.start_time
    passed_on = [sent.headers["traceparent"].split("-")[2] for sent in here.upstreams.sent]
    assert passed_on == [f"{span.context.span_id:016x}" for span in (first, second)]
    assert having(second, "stoa.model", "error.type", "stoa.try", "gen_ai.usage.input_tokens") == ("other", None, 2, 10)
    assert having(second, "gen_ai.request.model", "stoa.arm") == ("gpt-other", "canary")
    assert having(traces.server, "stoa.route", "stoa.attempts", "stoa.model", "stoa.arm") == ("spread", 2, "other", "mock")
    assert traces.server.status.status_code is StatusCode.UNSET


async def test_retries_at_one_target_are_spans_of_their_own(traced, traces, make) -> None:
    answers = iter([Scripted(503, [b"{}"], JSON), make.whole()])
    route = Route(name="spread", targets=(Target(model="mock"),), retries=Retries(attempts=1, wait_s=0, budget=1))
    here = traced(lambda sent: next(answers), routes={"spread": route})
    assert (await here.chat("spread")).status == 200
    assert [having(span, "stoa.try", "http.response.status_code") for span in traces.tries] == [(1, 503), (2, 200)]


async def test_the_loser_of_a_hedge_is_a_cancelled_span_without_tokens(traced, traces, make) -> None:
    route = Route(
        name="spread", targets=(Target(model="mock"), Target(model="other", weight=0)), hedge=Hedge(after_s=0.001),
        retries=Retries(budget=1),
    )  # fmt: skip
    here = traced(
        lambda sent: Scripted(200, [], JSON, hold=True) if "one" in sent.url else make.whole(), routes={"spread": route}
    )
    assert (await here.chat("spread")).status == 200
    slow, fast = traces.tries
    assert having(slow, "stoa.model", "error.type", "gen_ai.usage.input_tokens") == ("mock", "cancelled", None)
    assert having(fast, "stoa.model", "error.type", "gen_ai.usage.input_tokens") == ("other", None, 10)


async def test_a_shadow_is_part_of_the_trace(traced, traces) -> None:
    route = Route(name="spread", targets=(Target(model="mock"),), shadow=Shadow(model="other"))
    here = traced(routes={"spread": route})
    await here.chat("spread")
    await asyncio.sleep(0.01)
    (shadow,) = (span for span in traces.spans if span.name == "shadow")
    assert parent_of(shadow) == traces.server.context.span_id
    assert [having(span, "stoa.model") for span in traces.tries if parent_of(span) == shadow.context.span_id] == [("other",)]


async def test_retrieval_is_a_span_between_with_what_it_asked_below_it(traced, traces, make) -> None:
    here = traced()
    here.documents.passages = [make.passage(1), make.passage(2)]
    here.documents.embed_first = "handbook"
    embedding = Scripted(200, [b'{"data":[{"index":0,"embedding":"AAAAAA=="}],"usage":{"prompt_tokens":3}}'], JSON)
    here.upstreams.script = lambda sent: embedding if "embeddings" in sent.url else make.whole()
    assert (await here.chat("assistant/handbook")).status == 200
    server = traces.server
    retrieval, embedding = traces.of(SpanKind.INTERNAL)
    assert (retrieval.name, embedding.name) == ("retrieval handbook", "embeddings stoa-embed")
    assert having(retrieval, "gen_ai.operation.name", "gen_ai.data_source.id", "stoa.passages") == ("retrieval", "handbook", 2)
    asked, chat = traces.tries
    assert (asked.name, chat.name) == ("embeddings stoa-embed", "chat stoa-reader")
    assert [parent_of(span) for span in (retrieval, embedding, asked, chat)] == [
        server.context.span_id, retrieval.context.span_id, embedding.context.span_id, server.context.span_id,
    ]  # fmt: skip
    assert retrieval.end_time <= chat.start_time


async def test_a_retrieval_that_fails_is_a_span_that_failed(traced, traces) -> None:
    here = traced()
    here.documents.embed_first = "nowhere"
    assert (await here.chat("assistant/handbook")).status == 500
    (retrieval,) = traces.of(SpanKind.INTERNAL)
    assert having(retrieval, "error.type") == having(traces.server, "error.type") == ("internal_error",)
    assert retrieval.status.status_code is traces.server.status.status_code is StatusCode.ERROR


async def test_a_refusal_is_a_span_without_fault_and_without_try(traced, traces) -> None:
    here = traced(teams={"company": TeamLimits(monthly_budget=0)})
    assert (await here.chat()).status == 429
    server = traces.server
    assert having(server, "http.response.status_code", "error.type", "stoa.route") == (429, "insufficient_quota", "mock")
    assert (server.status.status_code, traces.tries) == (StatusCode.UNSET, [])
    assert (await here.chat("unheard-of")).status == 404
    assert having(traces.of(SpanKind.SERVER)[1], "error.type", "gen_ai.request.model") == ("model_not_found", None)


async def test_a_stream_that_breaks_off_failed_with_what_it_had_given(traced, traces, make) -> None:
    here = traced(make.stream(*make.talk("a")[:2], done=False, usage=False, failure=Failure("truncated", "gone")))
    await here.chat(stream=True)
    (tried,) = traces.tries
    assert having(tried, "error.type", "stoa.tokens_from") == ("upstream_truncated", "estimate")
    assert having(traces.server, "error.type", "http.response.status_code") == ("upstream_truncated", 200)
    assert traces.server.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize("asked", [True, False])
async def test_a_client_that_leaves_ends_every_span(traced, traces, asked: bool) -> None:
    here = traced(Scripted(200, [], JSON, hold=True))
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
    reply = here.begin("/v1/chat/completions", body, ended=asked)
    await asyncio.sleep(0.01)
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    assert having(traces.server, "error.type", "http.response.status_code") == ("client_gone", 499)
    assert [having(span, "error.type", "stoa.tokens_from") for span in traces.tries] == (
        [("cancelled", "estimate")] if asked else []
    )


async def test_an_answer_that_cannot_be_accounted_for_failed(traced, traces) -> None:
    here = traced()
    here.log.full = True
    await here.chat()
    assert having(traces.server, "error.type", "http.response.status_code") == ("usage_log_full", 503)


# --- which requests, and whose trace


async def test_the_clients_trace_goes_on_through_stoa_to_the_upstream(traced, traces) -> None:
    here = traced()
    await here.chat(traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="vendor=1")
    server, (tried,), (sent,) = traces.server, traces.tries, here.upstreams.sent
    assert (f"{server.context.trace_id:032x}", f"{parent_of(server):016x}") == (TRACE, PARENT)
    assert sent.headers["traceparent"] == f"00-{TRACE}-{tried.context.span_id:016x}-01"
    assert sent.headers["tracestate"] == "vendor=1"


async def test_a_client_that_does_not_sample_is_not_traced(traced, traces) -> None:
    here = traced()
    await here.chat(traceparent=f"00-{TRACE}-{PARENT}-00")
    assert traces.spans == ()
    assert "traceparent" not in here.upstreams.sent[0].headers


@pytest.mark.parametrize(
    "odd",
    [
        "", "nonsense", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-more",
    ],
)  # fmt: skip
async def test_a_malformed_traceparent_is_none_at_all(house, odd: str) -> None:
    for ratio, expected in ((1.0, 1), (0.0, 0)):
        traces = Traces(ratio)
        await house(tracer=traces.tracer).chat(traceparent=odd)
        assert len(traces.of(SpanKind.SERVER)) == expected
        assert all(f"{span.context.trace_id:032x}" != TRACE for span in traces.spans)


async def test_a_later_version_of_traceparent_is_read_as_far_as_it_is_known(traced, traces) -> None:
    await traced().chat(traceparent=f"01-{TRACE}-{PARENT}-03-more")
    assert f"{traces.server.context.trace_id:032x}" == TRACE


@pytest.mark.parametrize(
    ("ratio", "draw", "traced"), [(0.0, 0.0, False), (0.3, 0.29, True), (0.3, 0.3, False), (1.0, 0.999, True)]
)
async def test_the_share_of_requests_is_drawn(house, ratio: float, draw: float, traced: bool) -> None:
    traces = Traces(ratio, draw)
    await house(tracer=traces.tracer).chat()
    assert bool(traces.spans) is traced


async def test_a_request_that_is_not_traced_is_of_the_class_that_knows_nothing_of_traces(house) -> None:
    for tracer in (None, Traces(0.0).tracer):
        reply = house(tracer=tracer).begin("/v1/chat/completions", {"model": "mock", "messages": []})
        assert type(reply.intake) is Inference


async def test_strangers_are_not_traced(traced, traces) -> None:
    assert (await traced().chat(key="wrong", traceparent=f"00-{TRACE}-{PARENT}-01")).status == 401
    assert traces.spans == ()


async def test_no_span_holds_content_or_a_credential(traced, traces, make) -> None:
    def script(sent: Any) -> Scripted:
        if "one" in sent.url:
            return Scripted(400, [b'{"error":{"message":"bad SECRET-WORDS with sk-one","code":"content_filter"}}'], JSON)
        return make.whole("SECRET-WORDS back")

    here = traced(script)
    here.documents.passages = [make.passage(1, "SECRET-WORDS found")]
    for model in ("mock", "other", "spread", "assistant/handbook"):
        await here.chat(model, "SECRET-WORDS asked")
    assert len(traces.tries) >= 4
    told = "".join(span.to_json() for span in traces.spans)
    assert "SECRET-WORDS" not in told
    assert "sk-" not in told
