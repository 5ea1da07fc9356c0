"""Golden transcripts of each client's form with each upstream's: what is sent for a request, and what comes of its answer.

A pair's file holds `sent`, `answer` and `stream`. When one changes on purpose, the failing test says how to take it over.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dialects.goldens import FOLDER, frames

from stoa.dialects.table import CLIENTS, UPSTREAMS
from stoa.domain.operations import ClientForm
from stoa.domain.upstream import Facts, UpstreamForm

PAIRS = FOLDER / "pairs"
FACTS: dict[UpstreamForm, Facts] = {
    "chat": Facts(max_tokens_field="max_completion_tokens", reasoning_field="reasoning_details")
}
"""A server of open models behind OpenRouter's form, which takes thinking back; the others as they are."""
EVERY = [(client, upstream) for client in CLIENTS for upstream in UPSTREAMS if client != upstream]
each_pair = pytest.mark.parametrize(("client", "upstream"), EVERY)


@each_pair
def test_a_pair_translates_as_it_always_has(client: ClientForm, upstream: UpstreamForm, tmp_path: Path) -> None:
    now = {"sent": sent(client, upstream), "answer": answered(client, upstream), "stream": events(streamed(client, upstream))}
    pinned, name = PAIRS / f"{client}-{upstream}.json", f"{client}-{upstream}.json"
    (tmp_path / name).write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert pinned.exists(), f"cp {tmp_path / name} {pinned}"
    assert now == json.loads(pinned.read_text(encoding="utf-8")), f"If it is meant: cp {tmp_path / name} {pinned}"


@each_pair
def test_nothing_of_a_conversation_is_lost(client: ClientForm, upstream: UpstreamForm) -> None:
    """Every word, whatever the forms call its place."""
    told = json.dumps(sent(client, upstream), ensure_ascii=False)
    if client == "completions":
        assert "Once upon a time" in told
        return
    words = ["Be brief.", "Weather here and in Kiel?", "iVBORw0KGgo=", "Looking.", "Bonn", "Kiel", "rain", "And tomorrow?"]
    words += ["no such town" if client == "messages" else "sun", "The weather.", "town", "4096"]
    assert [word for word in words if word not in told] == []


@each_pair
def test_thinking_goes_back_only_to_whom_it_proves_something(client: ClientForm, upstream: UpstreamForm) -> None:
    told = json.dumps(sent(client, upstream))
    signed = client != "completions" and upstream in ("messages", "bedrock", "chat")
    assert ("EqQB" in told) is signed


@each_pair
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_a_stream_cut_anywhere_is_the_same_stream(client: ClientForm, upstream: UpstreamForm, cuts: list[int]) -> None:
    assert b"".join(streamed(client, upstream, cuts)) == b"".join(streamed(client, upstream))


def load(kind: str, name: str) -> Any:
    return json.loads((PAIRS / kind / f"{name}.json").read_text(encoding="utf-8"))


def sent(client: ClientForm, upstream: UpstreamForm) -> Any:
    request = CLIENTS[client].read(json.dumps(load("clients", client)).encode())
    model = load("upstreams", upstream)["model"]
    return json.loads(UPSTREAMS[upstream].write(request, model=model, facts=FACTS.get(upstream, Facts())))


def answered(client: ClientForm, upstream: UpstreamForm) -> Any:
    request = CLIENTS[client].read(json.dumps(load("clients", client)).encode())
    told = load("upstreams", upstream)
    answer = UPSTREAMS[upstream].read_answer(json.dumps(told["answer"]).encode(), model=told["model"])
    return json.loads(CLIENTS[client].write_answer(answer, request))


def streamed(client: ClientForm, upstream: UpstreamForm, cuts: list[int] | None = None) -> list[bytes]:
    """The client's stream, in as many pieces as the upstream's comes in."""
    request = CLIENTS[client].read(json.dumps(load("clients", client)).encode())
    told = load("upstreams", upstream)
    data = frames(told["stream"]) if upstream == "bedrock" else server_events(told["stream"])
    reader = UPSTREAMS[upstream].stream_reader(model=told["model"])
    writer = CLIENTS[client].stream_writer(request, answer_id="a1", model=told["model"], created_s=1_764_000_001)
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts or ()}), len(data)]
    return [*(writer.write(reader.feed(data[start:end])) for start, end in pairwise(places)), writer.end()]


def server_events(stream: list[Any]) -> bytes:
    lines: list[str] = []
    for each in stream:
        name = f"event: {each['type']}\n" if isinstance(each, dict) and "type" in each else ""
        lines.append(f"{name}data: {each if isinstance(each, str) else json.dumps(each)}\n\n")
    return "".join(lines).encode()


def events(pieces: list[bytes]) -> list[Any]:
    """Name and data of each event."""
    found: list[Any] = []
    for event in filter(None, b"".join(pieces).decode().split("\n\n")):
        fields = dict(line.split(": ", 1) for line in event.split("\n"))
        data = fields["data"]
        found.append([fields.get("event"), data if data == "[DONE]" else json.loads(data)])
    return found
