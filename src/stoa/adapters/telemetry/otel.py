"""Traces by OpenTelemetry's SDK, sent over OTLP/HTTP. Needs the extra `otel`.

Which requests are traced is decided here, before the SDK is asked, so that one which is not costs a draw. Names follow
https://github.com/open-telemetry/semantic-conventions-genai; the attributes' own are set by whoever does the work.
"""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from random import random

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from stoa.adapters.telemetry.outbox import Outbox
from stoa.domain.tracing import Attributes, Kind

_KINDS: Mapping[Kind, SpanKind] = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_EXPORT_S = 5.0


class OtelSpan:
    """Implements `domain.tracing.Span`."""

    __slots__ = ("_context", "_span", "_tracer")

    def __init__(self, tracer: trace.Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span

    def child(self, name: str, kind: Kind, attributes: Attributes) -> "OtelSpan":
        within = trace.set_span_in_context(self._span, Context())
        return OtelSpan(self._tracer, self._tracer.start_span(name, within, _KINDS[kind], attributes))

    def lines(self) -> bytes:
        """W3C trace context; what other systems put into `tracestate` goes on with it."""
        own = self._span.get_span_context()
        lines = b"traceparent: 00-%032x-%016x-%02x\r\n" % (own.trace_id, own.span_id, own.trace_flags)
        state = own.trace_state.to_header()
        return lines + b"tracestate: %b\r\n" % state.encode("ascii") if state else lines

    def end(self, attributes: Attributes, *, failed: str | None = None, at_ns: int | None = None) -> None:
        span = self._span
        span.set_attributes(attributes)
        if failed is not None:
            span.set_attribute("error.type", failed)
            span.set_status(Status(StatusCode.ERROR))
        span.end(at_ns)


class OtelTracer:
    """Implements `domain.tracing.Tracer`. `draw` gives numbers in [0, 1); `ratio` is the share of requests that is traced.

    A client that sends a `traceparent` has decided for its requests: those it samples are traced, its others are not.
    """

    def __init__(
        self, processor: SpanProcessor, *, ratio: float, instance: str = "gateway", draw: Callable[[], float] = random
    ) -> None:
        self._processor = processor
        self._ratio = ratio
        self._draw = draw
        resource = Resource.create(
            {"service.name": "stoa", "service.version": version("stoa"), "service.instance.id": instance}
        )
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("stoa.gateway", version("stoa"))

    def begin(self, headers: Mapping[bytes, bytes], path: str) -> OtelSpan | None:
        told = headers.get(b"traceparent")
        parent = _parent(told, headers.get(b"tracestate", b"")) if told is not None else None
        if parent is None:
            if self._draw() >= self._ratio:
                return None
            within = Context()
        elif not parent.trace_flags.sampled:
            return None
        else:
            within = trace.set_span_in_context(NonRecordingSpan(parent), Context())
        attributes = {"http.request.method": "POST", "http.route": path, "url.path": path}
        return OtelSpan(self._tracer, self._tracer.start_span(f"POST {path}", within, SpanKind.SERVER, attributes))

    def counts(self) -> Mapping[str, int]:
        box = self._processor
        return {"sent": box.sent, "full": box.full, "refused": box.refused} if isinstance(box, Outbox) else {}

    def close(self) -> None:
        """Send what waits; at most two seconds."""
        self._processor.shutdown()


def otlp_tracer(endpoint: str, headers: Mapping[str, str], *, ratio: float, instance: str) -> OtelTracer:
    """Spans to the collector whose OTLP/HTTP base URL is `endpoint`; nothing is sent before the first span ended."""
    url = endpoint if endpoint.endswith("/v1/traces") else endpoint.rstrip("/") + "/v1/traces"
    exporter = OTLPSpanExporter(url, headers=dict(headers), timeout=_EXPORT_S)
    return OtelTracer(Outbox(exporter, where=url), ratio=ratio, instance=instance)


def _parent(traceparent: bytes, tracestate: bytes) -> SpanContext | None:
    """None for a header that is not well-formed, which counts as none at all."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (traceparent.startswith(b"00") and len(traceparent) != 55):  # version 00 ends there
        return None
    trace_id, span_id = int(found[1], 16), int(found[2], 16)
    if not trace_id or not span_id:
        return None
    state = TraceState.from_header([tracestate.decode("latin-1")]) if tracestate.isascii() else None
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(int(found[3], 16) & 1), trace_state=state)
