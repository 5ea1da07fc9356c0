"""Upstreams without an end and clients that leave at any moment: everything ends, and nothing of it stays."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.noting import Noting
from tests.thoroughness import examples

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted
from stoa.domain.resources import Budget, Limit, Model
from stoa.domain.snapshot import TeamLimits
from stoa.domain.targets import TargetReport
from stoa.domain.upstream import Failure

ENDLESS = {
    "a whole answer": (JSON, b"[" * 65_536, False),
    "comments before any content": (EVENTS, b": still thinking" * 4096 + b"\n\n", True),
    "roles before any content": (
        EVENTS,
        b'data: {"choices":[{"index":0,"delta":{"role":"' + b"a" * 60_000 + b'"}}]}\n\n',
        True,
    ),
    "one event": (EVENTS, b"data: " + b"x" * 65_536, True),
    "one event without a name": (EVENTS, b"x" * 65_536, True),
}


class Forever(list[bytes]):
    """A piece again and again; `given` counts."""

    given = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.given += 1
            assert self.given < 10_000, "nobody stops it"
            yield self[0]


@pytest.mark.parametrize("name", ENDLESS)
async def test_an_answer_without_an_end_is_cut_off_before_it_fills_the_memory(house, name: str) -> None:
    headers, piece, streamed = ENDLESS[name]
    pieces = Forever([piece])
    here = house(Scripted(200, pieces, headers))
    reply = await here.chat(stream=streamed, temperature=1)
    assert reply.status == 502
    assert reply.error["code"] in ("upstream_too_large", "upstream_malformed")
    assert pieces.given * len(piece) < 80_000_000
    assert len(here.upstreams.cancelled) == 1


async def test_a_stream_without_an_end_is_cut_off_and_told_as_an_error(house, make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stoa.gateway.attempt.LARGEST_STREAM", 1_000_000)
    pieces = Forever([make.chunk({"content": "word "}) * 100])
    here = house(Scripted(200, pieces, EVENTS))
    reply = await here.chat(stream=True, temperature=1)
    assert reply.events[-1]["error"]["code"] == "upstream_too_large"
    assert "[DONE]" not in reply.events
    assert len(reply.body) < 1_100_000
    (fact,) = here.facts
    assert (fact.status, fact.error) == (200, "upstream_too_large")
    assert fact.cost_nano_usd > 0


def _under_way(report: TargetReport) -> int:
    return report.inflight_realtime + report.inflight_batch + report.waiting_realtime + report.waiting_batch


CHUNKS = [
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"word"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n',
    b'data: {"error":{"message":"overloaded","code":503}}\n\n',
    b"data: [DONE]\n\n",
    b": ping\n\n",
    b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":1}}',
    b"\x00\xff",
    b"",
]
ANSWERS = st.builds(
    Scripted,
    status=st.sampled_from([None, 200, 200, 200, 200, 301, 400, 401, 429, 500, 503]),
    pieces=st.lists(st.one_of(st.sampled_from(CHUNKS), st.binary(max_size=40)), max_size=8),
    headers=st.sampled_from([EVENTS, JSON, (), ((b"content-type", b"text/event-stream"), (b"retry-after", b"1"))]),
    failure=st.sampled_from([None, None, Failure("truncated", "gone"), Failure("connect", "away"), Failure("timeout", "slow")]),
)
CLIENT = st.tuples(
    st.sampled_from(["mock", "spread", "assistant/handbook", "nothing"]),
    st.booleans(),  # streamed
    st.one_of(st.none(), st.integers(0, 12)),  # leaves after so many turns of the loop
    st.booleans(),  # stops reading for a while
)


@settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    clients=st.lists(CLIENT, min_size=1, max_size=8),
    answers=st.lists(ANSWERS, min_size=1, max_size=8),
    limit=st.booleans(),
    late=st.booleans(),
)
def test_nothing_stays_of_any_mixture_of_clients_and_upstreams(
    house, make, clients: list[tuple[str, bool, int | None, bool]], answers: list[Scripted], limit: bool, late: bool
) -> None:
    async def client(here: Any, model: str, streamed: bool, leaves: int | None, stops: bool) -> None:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": streamed, "temperature": 1}
        reply = here.begin("/v1/chat/completions", body)
        for turn in range(40):
            if reply.over.is_set():
                return
            if leaves == turn:
                reply.intake.on_gone()
                reply.over.set()
                return
            if stops and turn == 2:
                reply.intake.on_pause()
            if stops and turn == 20:
                reply.intake.on_resume()
            await asyncio.sleep(0)
        await asyncio.wait_for(reply.over.wait(), 20)

    async def story() -> None:
        turn, counter = iter(range(10**6)), Noting(late=late)
        models = {
            "mock": Model(name="mock", provider="one", max_parallel=1 if limit else None),
            "other": Model(name="other", provider="two"),
            "stoa-reader": Model(name="stoa-reader", provider="two"),
            "stoa-embed": Model(name="stoa-embed", provider="two", operation="embedding"),
        }
        here = house(
            lambda sent: answers[next(turn) % len(answers)],
            models=models,
            teams={"company": TeamLimits(monthly_budget=10**15)},
            keys={make.key(): make.caller(requests_per_minute=1000, tokens_per_minute=10**6, parallel=3)},
            limits={
                "model": Limit(name="model", scope="model", requests=7, tokens=10**5, parallel=2),
                "route": Limit(name="route", scope="route", parallel=4, requests=20, per="day"),
            },
            budgets={"handbook": Budget(name="handbook", scope="assistant", per="day", limit_usd="0.01", warn_usd="0.00001")},
            counter=counter,
        )
        await asyncio.gather(*(client(here, *each) for each in clients))
        await asyncio.sleep(0.02)
        gateway = here.gateway
        counter.everything_was_settled_once()
        reports = gateway.reports()
        assert [_under_way(each) for each in reports] == [0] * len(reports)
        assert len(gateway._stages.deadlines) == 0
        assert len({fact.id for fact in here.facts}) == len(here.facts)

    uvloop.run(story())
