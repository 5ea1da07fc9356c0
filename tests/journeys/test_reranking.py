"""A collection is reranked by a server of Jina's form, and found without it when that is away; neighbours go into a prompt."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, wait_until
from tests.upstreams import rerank

from stoa.adapters.providers.memory import Sent

pytestmark = pytest.mark.slow

APPLIED = """\
kind: Provider
name: sorters
type: vllm
base_url: {url}
---
kind: Model
name: sorter
provider: sorters
operation: rerank
---
kind: Collection
name: buses
team: company
chunk_tokens: 32
rerank:
  model: sorter
  timeout_s: 20
---
kind: Assistant
name: buses
collections: [buses]
passages: 1
neighbours: 1
"""
STORY = "\n\n".join(
    f"{heading} bus {n} leaves the yard behind the old mill and comes back to it when the last of all its riders is at home."
    for n, heading in enumerate(("The red", "The blue", "The green", "The grey"), 1)
)


@dataclass
class Sorters:
    """Servers of rerank models: how many questions they were asked, and whether they answer."""

    url: str
    asked: int = 0
    away: bool = False


@pytest.fixture(scope="module")
def sorters() -> Iterator[Sorters]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.asked += 1
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = (rerank.broken if made.away else rerank.jina)(Sent(self.path, {}, body))
            data = b"".join(answer.pieces)
            self.send_response(answer.status or 500)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Sorters(f"http://127.0.0.1:{server.server_port}/v1")
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield made
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture(scope="module")
def client(plain_stoa: RunningStoa, sorters: Sorters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Of an application that may search the collection, once all of it is found."""
    folder: Path = tmp_path_factory.mktemp("buses")
    (folder / "buses.yaml").write_text(APPLIED.format(url=sorters.url))
    documents = folder / "documents"
    documents.mkdir()
    (documents / "buses.md").write_text(STORY)
    (documents / "night.md").write_text("Riders who are late: a taxi may be taken at night.")
    for arguments in (("apply", "-f", str(folder / "buses.yaml")), ("ingest", str(documents), "--collection", "buses")):
        done = plain_stoa.stoa(*arguments)
        assert done.returncode == 0, done.stderr
    key = plain_stoa.key("buses-app")
    with httpx.Client(
        base_url=plain_stoa.url, headers={"authorization": f"Bearer {key}"}, trust_env=False, timeout=60
    ) as made:  # fmt: skip
        wait_until(lambda: len(search(made, "bus", rerank="off").get("passages", ())) >= 5, "both documents are found")
        yield made


def search(client: httpx.Client, question: str, **fields: object) -> Any:
    return client.post("/api/collections/buses/search", json={"query": question, **fields}).json()


def test_a_search_is_in_the_order_of_the_model_and_in_its_own_when_that_is_away(client: httpx.Client, sorters: Sorters) -> None:
    question = "taxi night"
    found = search(client, question)
    assert (found["reranked"]["state"], found["passages"][0]["path"]) == ("reranked", "night.md"), found["reranked"]
    assert found["passages"][0]["rerank"] == 1.0
    sorters.away = True
    without, plain = search(client, f"{question} late"), search(client, f"{question} late", rerank="off")
    sorters.away = False
    assert without["reranked"]["state"] == "failed"
    assert [each["id"] for each in without["passages"]] == [each["id"] for each in plain["passages"]]


def test_a_prompt_holds_what_stands_beside_the_passage_found(client: httpx.Client, sorters: Sorters) -> None:
    before = sorters.asked
    asked = {"model": "assistant/buses", "messages": [{"role": "user", "content": "When does the green bus 3 come back?"}]}
    answer = client.post("/v1/chat/completions", json=asked).json()
    assert answer["stoa"]["passages_considered"] == 3
    assert sorters.asked > before
    (cited, *_) = answer["stoa"]["citations"]
    assert cited["passage"] == STORY[cited["start"] : cited["end"]], json.dumps(answer)
