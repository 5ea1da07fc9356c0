"""A thousand documents through a summarising batch, while worker, gateway and database are killed at random points."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openai
import psutil
import pytest
from tests.journeys.conftest import RunningStoa, start, wait_until
from tests.journeys.test_batches import APPLIED, ENDED, Upstream, lines, submit
from tests.postgres import PostgresServer

pytestmark = pytest.mark.slow

DOCUMENTS = 1000
KILLS = ("worker",) * 6 + ("gateway",) * 6 + ("database",) * 8
BUSY_S = 20  # what the documents take by themselves


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def stoa(tmp_path_factory: pytest.TempPathFactory, database: PostgresServer, upstream: Upstream) -> Iterator[RunningStoa]:
    with start(tmp_path_factory.mktemp("storm"), STOA_DATABASE__URL=f"{database.url}/postgres") as running:
        manifest = running.home.parent / "scripted.yaml"
        manifest.write_text(
            APPLIED.format(port=upstream.server_port) + "price: {input_per_million: '1', output_per_million: '2'}\n"
        )
        applied = running.stoa("apply", "-f", str(manifest))
        assert applied.returncode == 0, applied.stderr
        yield running


def documents() -> list[str]:
    """Texts of a few sentences, each another."""
    about = ("invoices", "a delivery", "travel to Graz", "the cold room", "a complaint", "the audit", "night shifts")
    return [
        f"Report {n}. It is about {about[n % len(about)]}. {'It took a while. ' * (n % 5)}Nothing else happened on day {n}."
        for n in range(DOCUMENTS)
    ]


def orders() -> bytes:
    return b"".join(
        json.dumps({
            "custom_id": f"document-{n}", "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": "scripted", "messages": [
                {"role": "system", "content": "Summarise the document in one sentence."}, {"role": "user", "content": text},
            ]},
        }).encode() + b"\n"
        for n, text in enumerate(documents())
    )  # fmt: skip


def kill(stoa: RunningStoa, database: PostgresServer, what: str) -> None:
    """And wait until it is there again."""
    if what == "database":
        database.kill()
        database.start()
        return
    wait_until(lambda: psutil.pid_exists(stoa.roles()[what]["pid"]), f"{what} is there", seconds=60)  # one of the others' kills
    before = stoa.roles()[what]
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: stoa.roles()[what]["restarts"] > before["restarts"], f"{what} is started again", seconds=60)


def test_a_thousand_documents_survive_twenty_kills_at_random_points(
    stoa: RunningStoa, database: PostgresServer, upstream: Upstream, tmp_path: Path
) -> None:
    key = stoa.key("storm", "--requests-per-minute", "none")
    seed = int(os.environ.get("STORM_SEED", time.time_ns() % 1_000_000))
    print(f"the order of the kills: STORM_SEED={seed}")
    chance = random.Random(seed)
    kills = chance.sample(KILLS, len(KILLS))
    with openai.OpenAI(base_url=f"{stoa.url}/v1", api_key=key, max_retries=8, timeout=60) as client:
        wait_until(lambda: "scripted" in {model.id for model in client.models.list()}, "the model is served")
        upstream.pause_s = BUSY_S * 8 / DOCUMENTS  # eight lines at a time
        upstream.hold(DOCUMENTS - 20)  # so that it is not over before the last kill, however long a kill takes
        batch = submit(client, orders())

        def is_over() -> bool:
            try:
                return client.batches.retrieve(batch.id).status in ENDED
            except (openai.APIConnectionError, openai.InternalServerError):
                return False  # the entry itself may be the one that was killed

        points = sorted(chance.sample(range(5, DOCUMENTS - 50), len(kills)))
        for what, point in zip(kills, points, strict=True):
            wait_until(lambda: sum(upstream.asked.values()) >= point, f"{point} lines are asked", seconds=90)  # noqa: B023
            kill(stoa, database, what)
        assert not is_over(), "the last kill came too late to matter"
        upstream.go()
        wait_until(is_over, "the batch has ended", seconds=300)
        upstream.pause_s = 0.0
        done = client.batches.retrieve(batch.id)
        assert done.status == "completed", done
        answers = lines(client, done.output_file_id)
    assert Counter(line["custom_id"] for line in answers) == Counter(f"document-{n}" for n in range(DOCUMENTS))
    texts = {f"document-{n}": text for n, text in enumerate(documents())}
    assert all(
        line["response"]["body"]["choices"][0]["message"]["content"] == f"Answer to {texts[line['custom_id']]}"
        for line in answers
    )
    counts = done.request_counts
    assert counts is not None
    assert (counts.total, counts.completed, counts.failed, done.error_file_id) == (DOCUMENTS, DOCUMENTS, 0, None)
    asked = sum(upstream.asked.values())
    print(f"{len(kills)} kills: {asked - DOCUMENTS} of {DOCUMENTS} lines were asked again")
