"""An assistant of a whole Stoa that has orders looked up in a database, over an upstream that calls functions."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

APPLIED = """\
kind: Provider
name: upstream
base_url: {url}/v1
---
kind: Model
name: caller
provider: upstream
---
kind: Datastore
name: erp
credentials: {{url: "sqlite:///{file}"}}
queries:
  - name: open_orders
    description: Open orders of a customer.
    sql: SELECT number, total FROM orders WHERE customer = :customer AND team = :caller_team
    parameters: {{customer: {{type: string}}}}
---
kind: Assistant
name: desk
route: caller
tools: [erp/open_orders]
"""


class Upstream(BaseHTTPRequestHandler):
    """Asks for the orders of whoever is named last, then answers with what stands in its prompt."""

    customer = "ACME"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        looked_up = [each["content"] for each in body["messages"] if each["role"] == "tool"]
        if "tools" in body and not looked_up:
            function = {"name": body["tools"][0]["function"]["name"], "arguments": json.dumps({"customer": self.customer})}
            said: dict[str, Any] = {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}
            self._answer(said)
        elif "tools" in body:
            self._answer({"content": "READY"})
        else:
            rows = [
                line for line in body["messages"][0]["content"].split("\n") if line.startswith("| ") and "number" not in line
            ]
            self._answer({"content": f"Found {'; '.join(rows) or 'nothing'} [1]."}, stream=body.get("stream", False))

    def _answer(self, message: dict[str, Any], *, stream: bool = False) -> None:
        kind, key = ("chat.completion.chunk", "delta") if stream else ("chat.completion", "message")
        choice = {"index": 0, key: {"role": "assistant", **message}, "finish_reason": "stop"}
        whole = {"id": "c", "object": kind, "created": 1, "model": "m", "choices": [choice]}
        usage = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
        sent = json.dumps(whole | ({} if stream else usage)).encode()
        if stream:
            sent = b"data: " + sent + b"\n\ndata: [DONE]\n\n"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if stream else "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stoa(start_stoa: Callable[..., RunningStoa], upstream: str, tmp_path: Path) -> RunningStoa:
    database = tmp_path / "erp.db"
    with contextlib.closing(sqlite3.connect(database)) as lite, lite:
        lite.execute("CREATE TABLE orders (number integer, total text, customer text, team text)")
        orders = [(7, "120.50", "ACME", "company"), (8, "1.00", "ACME", "board"), (9, "3.00", "Other", "company")]
        lite.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", orders)
    started = start_stoa(STOA_WORKER__FOLDERS=str(tmp_path))
    (tmp_path / "all.yaml").write_text(APPLIED.format(url=upstream, file=database))
    applied = started.stoa("apply", "-f", str(tmp_path / "all.yaml"))
    assert applied.returncode == 0, applied.stderr
    return started


def test_an_assistant_answers_from_a_database_whatever_the_model_asks(stoa: RunningStoa) -> None:
    key = stoa.key("desk")
    url, headers = f"{stoa.url}/v1/chat/completions", {"authorization": f"Bearer {key}"}
    body: dict[str, Any] = {"model": "assistant/desk", "messages": [{"role": "user", "content": "What is open?"}]}

    def asked() -> httpx.Response:
        return httpx.post(url, json=body, headers=headers, timeout=30)

    wait_until(lambda: asked().status_code == 200, "the gateway knows the assistant")
    answer = asked().json()
    assert answer["choices"][0]["message"]["content"] == "Found | 7 | 120.50 | [1]."
    assert answer["stoa"]["citations"][0]["title"] == "erp/open_orders"
    streamed = httpx.post(url, json=body | {"stream": True}, headers=headers, timeout=30).text
    assert "| 7 | 120.50 |" in streamed and "erp/open_orders" in streamed
    for attack in ("x' OR '1'='1", "ACME' UNION SELECT 8, '1.00' --"):
        Upstream.customer = attack
        assert asked().json()["choices"][0]["message"]["content"] == "Found nothing [1]."
    by_hand = stoa.stoa("datastore", "query", "erp", "open_orders", "-p", "customer=ACME", "--team", "company", "--json")
    assert json.loads(by_hand.stdout)["rows"] == [[7, "120.50"]], by_hand.stderr
