"""Batches with the `openai` client over a whole Stoa, a scripted provider behind it, and a worker that is killed."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import openai
import pytest
from openai.types import Batch
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

LINES = 300
APPLIED = """
kind: Provider
name: scripted
base_url: http://127.0.0.1:{port}/v1
---
kind: Model
name: scripted
provider: scripted
"""
ENDED = {"completed", "failed", "expired", "cancelled"}
_HELD_AT_MOST_S = 120


class Upstream(ThreadingHTTPServer):
    """Answers a chat after a pause; refuses a question about the weather; `asked` are the questions.

    When so many different ones were asked as `hold` says, no further one is answered until it is let `go`.
    """

    daemon_threads = True
    pause_s = 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked = Counter[str]()
        self._most = sys.maxsize
        self._go_on = threading.Event()

    def hold(self, further: int) -> None:
        self._go_on.clear()
        self._most = len(self.asked) + further

    def go(self) -> None:
        self._most = sys.maxsize
        self._go_on.set()

    def wait(self) -> None:
        if len(self.asked) > self._most:
            self._go_on.wait(_HELD_AT_MOST_S)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked was killed, or left."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        question = body["messages"][-1]["content"]
        assert isinstance(self.server, Upstream)
        self.server.asked[question] += 1
        self.server.wait()
        time.sleep(self.server.pause_s)
        status, answer = 200, _completion(f"Answer to {question}")
        if "weather" in question:
            status, answer = 400, {"error": {"message": "Not about the weather.", "type": "invalid_request_error"}}
        data = json.dumps(answer, indent=2).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the base class's name


def _completion(text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice], "usage": usage}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def stoa(start_stoa: Callable[..., RunningStoa], upstream: Upstream) -> RunningStoa:
    running = start_stoa()
    manifest = running.home.parent / "scripted.yaml"
    manifest.write_text(APPLIED.format(port=upstream.server_port))
    applied = running.stoa("apply", "-f", str(manifest))
    assert applied.returncode == 0, applied.stderr
    return running


@pytest.fixture(scope="module")
def key(stoa: RunningStoa) -> str:
    return stoa.key("batches", "--requests-per-minute", "none")


@pytest.fixture
def client(stoa: RunningStoa, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{stoa.url}/v1", api_key=key, max_retries=5) as made:
        wait_until(lambda: "scripted" in {model.id for model in made.models.list()}, "the model is served")
        yield made


def requests(name: str, number: int) -> bytes:
    return b"".join(
        json.dumps({
            "custom_id": f"{name}-{n}", "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": "scripted", "messages": [{"role": "user", "content": f"{name} {n}?"}]},
        }).encode() + b"\n"
        for n in range(number)
    )  # fmt: skip


def submit(client: openai.OpenAI, data: bytes) -> Batch:
    file = client.files.create(file=("in.jsonl", data), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")


def ended(client: openai.OpenAI, batch: Batch, *, seconds: float = 60) -> Batch:
    wait_until(lambda: client.batches.retrieve(batch.id).status in ENDED, "the batch has ended", seconds=seconds)
    return client.batches.retrieve(batch.id)


def lines(client: openai.OpenAI, file_id: str | None) -> list[Any]:
    assert file_id is not None
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def test_the_openai_client_uploads_orders_follows_and_reads(client: openai.OpenAI, stoa: RunningStoa) -> None:
    data = requests("first", 20) + requests("weather", 2)
    file = client.files.create(
        file=("in.jsonl", data), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert client.files.content(file.id).read() == data
    assert (client.files.retrieve(file.id).bytes, file.purpose, file.status) == (len(data), "batch", "processed")
    assert file.id in {each.id for each in client.files.list()}
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"night": "1"}
    )
    done = ended(client, batch)
    assert (done.status, done.metadata) == ("completed", {"night": "1"})
    assert done.request_counts is not None
    assert done.usage is not None
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (22, 20, 2)
    assert (done.usage.input_tokens, done.usage.output_tokens) == (60, 100)
    answers = {line["custom_id"]: line["response"]["body"] for line in lines(client, done.output_file_id)}
    assert set(answers) == {f"first-{n}" for n in range(20)}
    assert answers["first-3"]["choices"][0]["message"]["content"] == "Answer to first 3?"
    errors = lines(client, done.error_file_id)
    assert {(line["custom_id"], line["response"]["status_code"]) for line in errors} == {("weather-0", 400), ("weather-1", 400)}
    assert next(iter(client.batches.list(limit=1))).id == batch.id
    followed = stoa.stoa("job", "follow", batch.id.replace("batch_", "job_"))
    assert "20 done, 2 failed" in followed.stderr, followed.stderr
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_a_worker_killed_midway_loses_no_line_and_no_line_is_there_twice(
    client: openai.OpenAI, stoa: RunningStoa, upstream: Upstream
) -> None:
    upstream.pause_s = 0.1
    upstream.hold(LINES - 50)  # else a slow machine's batch may be over before the last kill
    batch = submit(client, requests("kill", LINES))
    for reached in (40, 120, 200):

        def far_enough(reached: int = reached) -> bool:
            counts = client.batches.retrieve(batch.id).request_counts
            return counts is not None and counts.completed >= reached

        wait_until(far_enough, f"{reached} lines are answered", seconds=60)
        before = stoa.roles()["worker"]
        os.kill(before["pid"], signal.SIGKILL)
        wait_until(lambda: stoa.roles()["worker"]["restarts"] > before["restarts"], "the worker is started again")  # noqa: B023
    upstream.go()
    done = ended(client, batch, seconds=200)
    upstream.pause_s = 0.0
    found = Counter(line["custom_id"] for line in lines(client, done.output_file_id))
    assert done.status == "completed"
    assert done.request_counts is not None
    assert (done.request_counts.completed, done.request_counts.failed, done.error_file_id) == (LINES, 0, None)
    assert found == Counter(f"kill-{n}" for n in range(LINES))
    asked = {question: count for question, count in upstream.asked.items() if question.startswith("kill")}
    print(f"{sum(asked.values()) - LINES} lines were asked again")
    assert set(asked) == {f"kill {n}?" for n in range(LINES)}


def test_a_batch_is_cancelled_midway_and_keeps_what_is_answered(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.pause_s = 0.2
    upstream.hold(100)
    batch = submit(client, requests("cancel", LINES))
    wait_until(lambda: (client.batches.retrieve(batch.id).request_counts or _none()).completed > 5, "some are answered")
    assert client.batches.cancel(batch.id).status == "cancelling"
    upstream.go()
    done = ended(client, batch)
    upstream.pause_s = 0.0
    assert done.status == "cancelled"
    assert done.request_counts is not None
    assert 5 < len(lines(client, done.output_file_id)) == done.request_counts.completed < LINES


def test_a_revoked_key_stops_its_batch_and_says_so(client: openai.OpenAI, stoa: RunningStoa, upstream: Upstream) -> None:
    short_lived = stoa.key("short-lived", "--requests-per-minute", "none")
    upstream.pause_s = 0.2
    with openai.OpenAI(base_url=f"{stoa.url}/v1", api_key=short_lived, max_retries=5) as other:
        wait_until(lambda: _served(other), "the key is known")
        upstream.hold(100)
        batch = submit(other, requests("revoked", LINES))
        wait_until(lambda: (client.batches.retrieve(batch.id).request_counts or _none()).completed > 5, "some are answered")
        assert stoa.stoa("key", "revoke", "short-lived").returncode == 0
        wait_until(lambda: not _served(other), "the key is refused")
    upstream.go()
    done = ended(client, batch)  # seen by another key of the team with the same rights
    upstream.pause_s = 0.0
    assert done.status == "failed"
    assert done.errors is not None
    assert [fault.code for fault in done.errors.data or []] == ["owner_gone"]
    assert len(lines(client, done.output_file_id)) > 5


def test_an_upload_that_breaks_off_leaves_nothing(stoa: RunningStoa, key: str, client: openai.OpenAI) -> None:
    before = {path.name for path in (stoa.home / "objects").rglob("*")}
    listed = {file.id for file in client.files.list()}
    host, port = httpx.URL(stoa.url).host, httpx.URL(stoa.url).port
    head = (
        f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 50000000\r\n"
        "content-type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    with socket.create_connection((host, port or 80)) as connection:
        connection.sendall(head.encode() + b"x" * 20_000_000)
    time.sleep(1)  # for what might be left to be written
    wait_until(lambda: {path.name for path in (stoa.home / "objects").rglob("*")} == before, "nothing of it is left")
    assert {file.id for file in client.files.list()} == listed


def _served(client: openai.OpenAI) -> bool:
    try:
        return bool(client.models.list().data)
    except openai.AuthenticationError:
        return False


def _none() -> Any:
    return openai.types.BatchRequestCounts(completed=0, failed=0, total=0)
