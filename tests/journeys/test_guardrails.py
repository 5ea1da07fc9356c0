"""Guardrails applied to a whole Stoa: tried, in force on whole answers and on streams, and closed when a service is away."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from tests.gateway.forms import read_stream
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

ADDRESS = "ada@example.com"
RESOURCES = """\
kind: Provider
name: echo
base_url: {url}/v1
---
kind: Model
name: echo
provider: echo
---
kind: Guardrail
name: personal
default: true
guards:
  - type: personal
    action: tokenise
---
kind: Guardrail
name: house
routes: [echo]
guards:
  - type: words
    deny: [green dragon]
    action: mask
    on: [output]
  - type: http
    name: compliance
    url: {url}/judge
    headers:
      X-Secret: ${{env:GUARD_SECRET}}
    on: [input]
"""


@dataclass
class Echo:
    """Says what it was told, three characters an event; and judges: what names a griffin is refused. `away` breaks it."""

    url: str = ""
    asked: list[Any] = field(default_factory=list[Any])
    judged: list[tuple[str | None, Any]] = field(default_factory=list[tuple[str | None, Any]])
    away: bool = False


@contextmanager
def echoing() -> Iterator[Echo]:
    made = Echo()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm: ClassVar[bool] = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path == "/judge":
                made.judged.append((self.headers["x-secret"], body))
                refused = any("griffin" in text for text in body["texts"])
                status, action = (500, "pass") if made.away else (200, "refuse" if refused else "pass")
                self._send("application/json", json.dumps({"action": action}).encode(), status)
                return
            made.asked.append(body)
            text = "You said: " + body["messages"][-1]["content"]
            if body.get("stream"):
                pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
                events = [_event({"content": piece}) for piece in pieces] + [_event({}, "stop"), b"data: [DONE]\n\n"]
                self._send("text/event-stream", b"".join(events))
            else:
                choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
                answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
                self._send("application/json", json.dumps(answer).encode())

        def _send(self, kind: str, data: bytes, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def test_guardrails_hold_from_the_moment_they_are_applied(plain_stoa: RunningStoa, tmp_path: Path) -> None:
    stoa = plain_stoa
    with echoing() as echo:
        file = tmp_path / "guardrails.yaml"
        file.write_text(RESOURCES.format(url=echo.url))
        applied = stoa.stoa("apply", "-f", str(file), GUARD_SECRET="s3cret")
        assert applied.returncode == 0, applied.stderr
        assert "s3cret" not in stoa.stoa("get", "guardrail", "house").stdout
        wait_until(lambda: stoa.stoa("guard", "try", "personal", "hello").returncode == 0, "the gateway has it", seconds=20)
        tried = stoa.stoa("guard", "try", "personal", f"I am {ADDRESS}")
        assert "<EMAIL_ADDRESS_1>" in tried.stdout + tried.stderr
        refused = stoa.stoa("guard", "try", "house", "a griffin")
        assert refused.returncode == 1

        key = stoa.key("guarded")

        def ask(text: str, *, stream: bool = False) -> httpx.Response:
            body = {"model": "echo", "messages": [{"role": "user", "content": text}], "stream": stream}
            return httpx.post(
                f"{stoa.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=30
            )

        for stream in (False, True):
            answer = ask(f"I am {ADDRESS}, of the green dragon", stream=stream)
            assert answer.status_code == 200, answer.text
            text = read_stream("chat", answer.content).text if stream else answer.json()["choices"][0]["message"]["content"]
            assert text == f"You said: I am {ADDRESS}, of the [DENIED]"
            assert "x-stoa-guardrails" in answer.headers
        assert all(ADDRESS not in json.dumps(each) for each in echo.asked)
        assert echo.judged[-1][0] == "s3cret"

        asked = len(echo.asked)
        answer = ask("a griffin")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "guardrail_refused")
        echo.away = True
        answer = ask("hello")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "guardrail_unavailable")
        assert len(echo.asked) == asked
        metrics = httpx.get(f"{stoa.url}/metrics").text
        assert 'stoa_guard_total{guardrail="house",guard="compliance",action="refuse"}' in metrics
        assert ADDRESS not in stoa.printed()

        removed = stoa.stoa("delete", "guardrail", "house")
        assert removed.returncode == 0, removed.stderr
        wait_until(lambda: ask("the green dragon").status_code == 200, "it no longer holds", seconds=20)
        assert stoa.stoa("delete", "guardrail", "personal").returncode == 0
