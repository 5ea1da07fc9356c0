"""A whole Stoa of two workers, watched from outside: its traces at a collector, its numbers as one, its log."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.collector import Collector, plain
from tests.journeys.conftest import RunningStoa, start, wait_until

from stoa.domain.metrics import METRICS

pytestmark = pytest.mark.slow

CONTENT = "What does the zeppelin cost?"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT = 2, 3


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def stoa(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[RunningStoa]:
    telemetry = {"OTLP_ENDPOINT": collector.url, "OTLP_HEADERS": "api-key=abc", "SAMPLE_RATIO": "1", "LOG_REQUESTS": "all"}
    settings = {f"STOA_TELEMETRY__{name}": value for name, value in telemetry.items()}
    with start(tmp_path_factory.mktemp("telemetry"), "--workers", "2", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def key(stoa: RunningStoa) -> str:
    return stoa.key("app")


def ask(stoa: RunningStoa, key: str, number: int = 0, **fields: Any) -> httpx.Response:
    """On a connection of its own, so that any worker may get it. No two ask the same, so that none comes from the cache."""
    model = fields.pop("model", "stoa-reader")
    headers = {"authorization": f"Bearer {key}", "connection": "close", **fields}
    body = {"model": model, "messages": [{"role": "user", "content": f"{CONTENT} {number}"}]}
    return httpx.post(f"{stoa.url}/v1/chat/completions", json=body, headers=headers, timeout=60)


def counted(stoa: RunningStoa) -> float:
    """Requests, as whichever worker answers tells."""
    text = httpx.get(f"{stoa.url}/metrics", headers={"connection": "close"}, timeout=60).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {name.removesuffix("_total") for name in METRICS} == {name.removesuffix("_total") for name in families}
    return sum(sample.value for sample in families["stoa_requests"].samples)


def workers(stoa: RunningStoa) -> dict[str, Any]:
    roles = stoa.roles()
    return {"gateway": roles["gateway"], **roles["gateways"]}


def put_up(stoa: RunningStoa) -> None:
    """Have each worker put up its numbers now, by asking each."""
    for worker in workers(stoa).values():
        assert httpx.get(f"{worker['url']}/metrics", timeout=60).status_code == 200


def test_a_request_arrives_at_the_collector_as_part_of_its_clients_trace(
    stoa: RunningStoa, key: str, collector: Collector
) -> None:
    answer = ask(stoa, key, traceparent=f"00-{TRACE}-{PARENT}-01")
    assert answer.status_code == 200, answer.text

    def mine(spans: list[Any]) -> list[Any]:
        return sorted((span for span in spans if span.trace_id.hex() == TRACE), key=lambda span: span.kind)

    server, tried = mine(collector.wait(lambda spans: len(mine(spans)) == 2))
    assert (server.kind, tried.kind) == (SERVER, CLIENT)
    assert (server.parent_span_id.hex(), tried.parent_span_id) == (PARENT, server.span_id)
    assert (server.name, tried.name) == ("POST /v1/chat/completions", "chat stoa-reader")
    told = plain(server.attributes)
    assert (told["stoa.request_id"], told["http.response.status_code"]) == (answer.headers["x-request-id"], 200)
    assert plain(tried.attributes)["gen_ai.usage.input_tokens"] == answer.json()["usage"]["prompt_tokens"]
    assert {headers["api-key"] for headers in collector.headers} == {"abc"}
    assert b"zeppelin" not in b"".join(collector.bodies)
    assert b"sk-" not in b"".join(collector.bodies)


def test_a_scrape_tells_of_all_workers_and_never_less_than_before(stoa: RunningStoa, key: str) -> None:
    put_up(stoa)
    before = counted(stoa)
    for number in range(1, 17):
        assert ask(stoa, key, number).status_code == 200
    wait_until(lambda: counted(stoa) == before + 16, "both workers have put up their numbers by themselves")
    assert [counted(stoa) for _ in range(8)] == [before + 16] * 8
    for name, worker in workers(stoa).items():
        os.kill(worker["pid"], signal.SIGKILL)
        wait_until(lambda: workers(stoa)[name]["restarts"] == worker["restarts"] + 1, f"{name} is back")  # noqa: B023
        wait_until(lambda: httpx.get(f"{workers(stoa)[name]['url']}/readyz", timeout=60).status_code == 200, f"{name} is ready")  # noqa: B023
        assert [counted(stoa) for _ in range(8)] == [before + 16] * 8
    assert ask(stoa, key, 17).status_code == 200
    wait_until(lambda: counted(stoa) == before + 17, "the new ones go on from there")


def test_each_request_is_a_line_in_the_log_without_content(stoa: RunningStoa, key: str) -> None:
    assert ask(stoa, key, 18, **{"x-request-id": "well"}).status_code == 200
    assert ask(stoa, key, 19, model="nothing-here", **{"x-request-id": "unknown"}).status_code == 404
    assert ask(stoa, "sk-stoa-wrong", 20, **{"x-request-id": "stranger"}).status_code == 401
    files = sorted((stoa.home / "logs").glob("gateway*.log"))
    assert [file.name for file in files] == ["gateway-2.log", "gateway.log"]

    def lines() -> dict[str, Any]:
        found = [json.loads(line) for file in files for line in file.read_text().splitlines() if '"stoa.access"' in line]
        return {line["request_id"]: line for line in found if "request_id" in line}

    wait_until(lambda: {"well", "unknown", "stranger"} <= lines().keys(), "all three are in the log")
    told = lines()
    assert (told["well"]["status"], told["well"]["key_name"], told["well"]["model"]) == (200, "app", "stoa-reader")
    assert (told["unknown"]["error"], told["unknown"]["key_name"]) == ("model_not_found", "app")
    assert (told["stranger"]["error"], told["stranger"]["status"]) == ("invalid_api_key", 401)
    for file in (stoa.home / "logs").iterdir():
        text = file.read_text()
        assert "zeppelin" not in text, file
        assert "sk-" not in text, file


def test_the_collectors_end_is_nobodys_but_its_own(stoa: RunningStoa, key: str, collector: Collector) -> None:
    """The end of this module, with spans waiting, is part of it: it fails when Stoa does not end in time."""
    collector.status = 503
    for number in range(21, 25):
        assert ask(stoa, key, number).status_code == 200
    assert isinstance(stoa.home, Path)
