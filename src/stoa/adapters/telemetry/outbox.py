"""Ended spans on their way to a collector: a bounded line, emptied by a thread of its own.

Whoever ends a span never waits. What finds no room, or what the collector does not take, is dropped and counted.
"""

import logging
import threading
from collections import deque

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

log = logging.getLogger("stoa.telemetry")

_EXPORTERS_LOG = logging.getLogger("opentelemetry.exporter")
_LAST_S = 1.5
"""How long the end waits for what is under way."""


class Outbox(SpanProcessor):
    """`most` spans may wait; they go in batches of `batch`, or as many as there are every `every_s` seconds."""

    def __init__(self, exporter: SpanExporter, *, where: str, most: int = 4096, batch: int = 256, every_s: float = 1.0) -> None:
        self.sent = 0
        self.full = 0
        self.refused = 0
        self._exporter = exporter
        self._where = where
        self._most = most
        self._batch = batch
        self._every_s = every_s
        self._waiting: deque[ReadableSpan] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._failing = False
        self._reason = _Reason()
        _EXPORTERS_LOG.propagate = False  # it tells of every batch that fails; one line at the first is enough
        _EXPORTERS_LOG.addHandler(self._reason)
        self._thread = threading.Thread(target=self._run, name="stoa-spans", daemon=True)
        self._thread.start()

    def on_end(self, span: ReadableSpan) -> None:
        if len(self._waiting) >= self._most or self._closing:
            self.full += 1
            return
        self._waiting.append(span)
        if len(self._waiting) == self._batch:
            self._wake.set()

    def close(self) -> None:
        """Send what waits, as far as that is done within about two seconds."""
        self._closing = True
        self._wake.set()
        self._thread.join(_LAST_S)
        self._exporter.shutdown()  # breaks off its waiting between tries
        self._thread.join(0.3)
        self.refused += len(self._waiting)
        self._waiting.clear()
        _EXPORTERS_LOG.removeHandler(self._reason)
        _EXPORTERS_LOG.propagate = True

    def shutdown(self) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(self._every_s)
            self._wake.clear()
            self._send()

    def _send(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            try:
                taken = self._exporter.export(batch) is SpanExportResult.SUCCESS
            except Exception:  # whatever happens to spans, the gateway and the next ones go on
                log.exception("spans could not be sent")
                taken = False
            if taken:
                self.sent += len(batch)
            else:
                self.refused += len(batch)
            self._tell(taken)

    def _tell(self, taken: bool) -> None:
        if taken == self._failing:
            self._failing = not taken
            if taken:
                log.info("the collector at %s takes spans again; %d were dropped so far", self._where, self.refused)
            else:
                log.warning(
                    "the collector at %s takes no spans (%s): they are dropped and counted until it does",
                    self._where,
                    self._reason.text,
                )


class _Reason(logging.Handler):
    """Keeps the exporter's last complaint."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = "no reason given"

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()
