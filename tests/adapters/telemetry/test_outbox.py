"""Spans on their way to a collector on a real socket: whole, slow, dead and returning."""

import logging
import time
from collections.abc import Callable

import pytest
from tests.collector import Collector, plain

from stoa.adapters.telemetry.opening import open_tracer
from stoa.adapters.telemetry.otel import OtelTracer
from stoa.adapters.telemetry.outbox import Outbox
from stoa.domain.tracing import Tracer
from stoa.sections import TelemetrySettings


@pytest.fixture(autouse=True)
def _sends_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Outbox.__init__.__kwdefaults__, "every_s", 0.1)


def opened(endpoint: str, **settings: str) -> Tracer:
    tracer = open_tracer(TelemetrySettings(otlp_endpoint=endpoint, sample_ratio=1.0, **settings), instance="gateway-3")
    assert tracer is not None
    return tracer


def request(tracer: Tracer, number: int = 1) -> None:
    span = tracer.begin({}, "/v1/chat/completions")
    assert span is not None
    tried = span.child("chat mock", "client", {"stoa.try": number})
    tried.end({"gen_ai.usage.input_tokens": 7, "gen_ai.response.finish_reasons": ["stop"]}, failed=None)
    span.end({"http.response.status_code": 500}, failed="internal_error")


def test_without_an_endpoint_there_is_no_tracer() -> None:
    assert open_tracer(TelemetrySettings(), instance="gateway-1") is None


def test_spans_arrive_whole_with_their_kind_and_whose_they_are() -> None:
    with Collector() as collector:
        tracer = opened(collector.url, otlp_headers="api-key=secret, x-team=a")
        request(tracer)
        tracer.close()
        tried, server = collector.spans
        assert (tried.name, tried.kind, server.name, server.kind) == ("chat mock", 3, "POST /v1/chat/completions", 2)
        assert (tried.trace_id, tried.parent_span_id, server.parent_span_id) == (server.trace_id, server.span_id, b"")
        assert plain(tried.attributes)["gen_ai.response.finish_reasons"] == ["stop"]
        assert (plain(server.attributes)["error.type"], server.status.code) == ("internal_error", 2)
        (resource,), (headers,) = collector.resources, collector.headers
        assert (resource["service.name"], resource["service.instance.id"]) == ("stoa", "gateway-3")
        assert (headers["api-key"], headers["x-team"], collector.paths) == ("secret", "a", ["/v1/traces"])
        assert tracer.counts() == {"sent": 2, "full": 0, "refused": 0}


def test_many_spans_go_in_few_requests() -> None:
    with Collector() as collector:
        tracer = opened(collector.url)
        for number in range(500):
            request(tracer, number)
        collector.wait(lambda spans: len(spans) == 1000)
        tracer.close()
        assert len(collector.paths) <= 20


def test_a_collector_that_is_away_costs_nothing_but_spans_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with Collector() as free:
        url = free.url
    caplog.set_level(logging.INFO)
    tracer = opened(url)
    for number in range(2500):
        request(tracer, number)
    began = time.monotonic()
    tracer.close()
    assert time.monotonic() - began < 4
    counts = tracer.counts()
    assert counts["sent"] == 0
    assert counts["full"] > 0, "more came than may wait"
    assert counts["full"] + counts["refused"] == 5000, "each span that is lost is counted"
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING and url in record.getMessage()]) <= 1


def test_a_collector_that_answers_nothing_does_not_hold_up_the_end() -> None:
    with Collector() as collector:
        collector.silent.set()
        tracer = opened(collector.url)
        for number in range(200):
            request(tracer, number)
        time.sleep(0.1)  # the first batch is on its way
        began = time.monotonic()
        tracer.close()
        assert time.monotonic() - began < 4


def test_a_collector_that_refuses_is_told_of_once_and_its_return_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Collector() as collector:
        collector.status = 400
        tracer = opened(collector.url, otlp_headers="api-key=top-secret")
        for number in range(3):
            request(tracer, number)
            _until(lambda number=number: tracer.counts()["refused"] == 2 * (number + 1))
        collector.status = 200
        request(tracer)
        collector.wait(lambda spans: len(spans) == 2)
        _until(lambda: len(_lines(caplog, collector)) == 2)
        tracer.close()
    first, second = _lines(caplog, collector)
    assert "takes no spans" in first
    assert "400" in first
    assert "takes spans again; 6 were dropped" in second
    assert "top-secret" not in caplog.text


def test_the_line_is_bounded_and_what_finds_no_room_is_counted() -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    tracer = OtelTracer(Outbox(kept, where="memory", most=10, batch=100, every_s=30), ratio=1.0)
    for number in range(10):
        request(tracer, number)
    assert tracer.counts()["full"] == 10
    tracer.close()
    assert (len(kept.get_finished_spans()), tracer.counts()["sent"]) == (10, 10)


def _lines(caplog: pytest.LogCaptureFixture, collector: Collector) -> list[str]:
    return [record.getMessage() for record in caplog.records if collector.url in record.getMessage()]


def _until(met: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until
        time.sleep(0.02)
