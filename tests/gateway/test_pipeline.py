import asyncio
from typing import Any

import pytest

from stoa.adapters.providers.memory import Scripted
from stoa.domain.resources import Provider
from stoa.domain.upstream import Failure
from stoa.gateway.counting.local import LocalCounter
from stoa.gateway.proxy import is_internal
from stoa.settings import GatewaySettings


async def test_what_is_not_v1_goes_to_control_both_ways(house) -> None:
    here = house(
        Scripted(201, [b"one", b"two"], [(b"content-type", b"text/plain"), (b"set-cookie", b"a"), (b"set-cookie", b"b")])
    )
    reply = await here.ask("/api/things?x=1", b"body", key=None, cookie="s=1", content_length="4", host="stoa.example")
    assert (reply.status, reply.body) == (201, b"onetwo")
    assert reply.lines == b"content-type: text/plain\r\nset-cookie: a\r\nset-cookie: b\r\n"
    (sent,) = here.upstreams.sent
    assert (sent.url, sent.body, sent.headers["cookie"]) == ("http://control/api/things?x=1", b"body", "s=1")
    assert (sent.headers["x-forwarded-for"], sent.headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert (sent.headers["host"], sent.headers["x-forwarded-host"]) == ("stoa.example", "stoa.example")
    assert "x-request-id" in sent.headers


async def test_who_listens_is_let_go_when_the_gateway_ends_and_who_waits_for_an_answer_is_not(house) -> None:
    events = [(b"content-type", b"text/event-stream; charset=utf-8")]
    here = house(Scripted(200, [b": ping\n\n"], events, hold=True))
    listening = here.begin("/mcp", method="GET", key=None)
    answering = here.begin("/mcp", b"{}", key=None, content_length="2")
    subscribed = here.begin("/mcp", b"{}", key=None, content_length="2", mcp_method="subscriptions/listen")
    left = here.begin("/mcp", method="GET", key=None)
    for each in (listening, answering, subscribed, left):
        await asyncio.wait_for(each.began.wait(), 5)
    left.intake.on_gone()
    here.gateway.listeners.end()
    assert (listening.over.is_set(), listening.aborted, listening.body) == (True, False, b": ping\n\n")
    assert (subscribed.over.is_set(), answering.over.is_set()) == (True, False)
    assert len(here.upstreams.cancelled) == 3
    here.gateway.listeners.end()


async def test_what_only_stoa_may_say_and_what_ends_at_a_hop_is_not_passed_on(house) -> None:
    here = house(Scripted(200, [], [(b"connection", b"close"), (b"keep-alive", b"1"), (b"x", b"y")]))
    reply = await here.ask(
        "/",
        method="GET",
        x_forwarded_for="6.6.6.6",
        x_stoa_internal_user="root",
        forwarded="for=6.6.6.6",
        connection="close, X-Secret",
        x_secret="1",
        te="trailers",
    )
    assert reply.lines == b"x: y\r\n"
    (sent,) = here.upstreams.sent
    assert set(sent.headers) == {"authorization", "x-forwarded-for", "x-forwarded-proto", "x-request-id"}
    assert sent.headers["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize(
    "path",
    [
        "/internal",
        "/internal/usage",
        "//internal/usage",
        "/./internal",
        "/%69nternal/x",
        "/a/../internal",
        "/INTERNAL/x",
        "/a/%2e%2e/internal/usage?x",
        "/\\internal",
    ],
)
async def test_internal_paths_are_not_there_however_they_are_spelled(house, path: str) -> None:
    here = house()
    assert (await here.ask(path, method="GET")).status == 404
    assert here.upstreams.sent == []


def test_other_paths_are_not_internal() -> None:
    assert not any(map(is_internal, [b"/", b"/internals", b"/api/internal", b"/internal-page", b"/?/internal"]))


@pytest.mark.parametrize(("kind", "status"), [("connect", 503), ("timeout", 504), ("lost", 503)])
async def test_control_that_is_away_is_an_error_in_words(house, kind: str, status: int) -> None:
    reply = await house(Scripted(None, failure=Failure(kind, "no connection"))).ask("/api/session", method="GET")
    assert (reply.status, reply.error["code"], reply.named["retry-after"]) == (status, "control_away", "1")


async def test_an_answer_of_control_that_breaks_off_is_cut(house) -> None:
    reply = await house(Scripted(200, [b"half"], failure=Failure("truncated", "gone"))).ask("/api/x", method="GET")
    assert (reply.body, reply.aborted) == (b"half", True)


async def test_a_client_that_leaves_stops_what_control_sends(house) -> None:
    here = house(Scripted(200, [b"event"], hold=True))
    reply = here.begin("/api/jobs/1/events", method="GET")
    await reply.began.wait()
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    assert len(here.upstreams.cancelled) == 1


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [("/v1/chat/completions", "GET", "POST"), ("/v1/models", "POST", "GET"), ("/healthz", "DELETE", "GET")],
)
async def test_a_wrong_method_is_told_the_right_one(house, path: str, method: str, allowed: str) -> None:
    reply = await house().ask(path, method=method)
    assert (reply.status, reply.named["allow"], reply.error["code"]) == (405, allowed, "method_not_allowed")


async def test_an_unknown_path_of_v1_is_not_passed_to_control(house) -> None:
    here = house()
    reply = await here.ask("/v1/unknown", {})
    assert (reply.status, reply.error["code"], here.upstreams.sent) == (404, "not_found", [])


async def test_a_query_does_not_hide_a_path(house) -> None:
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
    assert (await house().ask("/v1/chat/completions?api-version=1", body)).status == 200


async def test_a_request_id_is_taken_if_it_can_be_and_made_if_not(house) -> None:
    here = house()
    assert (await here.chat(x_request_id="abc-1")).named["x-request-id"] == "abc-1"
    for odd in ("a b", "x" * 129, "<script>", "é"):
        assert (await here.chat(x_request_id=odd)).named["x-request-id"] == here.facts[-1].id


async def test_readiness_says_what_is_missing(house) -> None:
    here = house()
    assert (await here.ask("/readyz", method="GET")).json["ready"] is True
    here.gateway._plan = None
    reply = await here.ask("/readyz", method="GET")
    assert (reply.status, reply.json["ready"]) == (503, False)
    assert "no snapshot" in reply.json["reasons"][0]
    reply = await here.chat()
    assert (reply.status, reply.error["code"]) == (503, "starting")
    assert (await here.ask("/healthz", method="GET")).status == 200


async def test_metrics_are_sums_over_facts(house) -> None:
    here = house()
    for _ in range(2):
        await here.chat()
    await here.chat(key="wrong")
    text = (await here.ask("/metrics", method="GET", key=None)).body.decode()
    for line in (
        'stoa_requests_total{route="mock",model="mock",status="200",cache="miss"} 1',
        'stoa_requests_total{route="mock",model="mock",status="200",cache="hit"} 1',
        'stoa_tokens_total{route="mock",model="mock",kind="completion"} 40',
        'stoa_cost_nano_usd_total{route="mock",model="mock"} 13500',
        'stoa_refused_total{code="invalid_api_key"} 1',
        'stoa_request_seconds_bucket{route="mock",le="+Inf"} 2',
        'stoa_request_seconds_count{route="mock"} 2',
        "stoa_cache_entries 1",
        "stoa_snapshot_version 7",
    ):
        assert line in text.splitlines()


async def test_metrics_are_for_this_machine(house) -> None:
    here = house()
    for peer, status in (("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 403), ("", 403)):
        assert (await here.ask("/metrics", method="GET", peer=peer)).status == status


async def test_the_cache_can_be_switched_off(house) -> None:
    here = house(settings=GatewaySettings(cache_bytes=0))
    assert [(await here.chat()).named["x-stoa-cache"] for _ in range(2)] == ["bypass", "bypass"]


async def test_a_provider_whose_key_cannot_be_opened_is_left_out(house, make, caplog) -> None:
    from stoa.errors import OperatorError

    here = house()

    class Broken:
        def open(self, sealed: str) -> str:
            raise OperatorError("sealed with another key")

    here.gateway._ports = type(here.gateway._ports)(
        **{name: getattr(here.gateway._ports, name) for name in here.gateway._ports.__slots__} | {"unsealer": Broken()}
    )
    here.gateway.swap(make.snapshot())
    reply = await here.chat()
    assert (reply.status, reply.error["code"]) == (503, "no_target")
    assert "provider one is left out" in caplog.text


async def test_requests_under_way_keep_the_snapshot_they_began_with(house, make) -> None:
    here = house()
    reply = here.begin("/v1/chat/completions", {"model": "mock", "messages": [{"role": "user", "content": "hi"}]})
    here.gateway.swap(make.snapshot(version=8, keys={}))
    assert ((await reply.wait()).status, here.facts[0].snapshot_version) == (200, 7)


async def test_a_provider_that_breaks_its_adapter_holds_back_no_revocation(house, make, monkeypatch, caplog) -> None:
    here = house(keys={make.key(): make.caller()})
    assert (await here.ask("/v1/models", method="GET")).status == 200
    link = here.gateway._ports.providers.link

    def breaks(provider: Provider, opened: Any) -> Any:
        if provider.name == "one":
            raise KeyError("nobody thought of this")
        return link(provider, opened)

    monkeypatch.setattr(here.gateway._ports.providers, "link", breaks)
    here.gateway.swap(make.snapshot(version=8, keys={make.key("sk-stoa-other"): make.caller("other")}))
    assert (await here.ask("/v1/models", method="GET")).status == 401
    assert (await here.ask("/v1/models", method="GET", key="sk-stoa-other")).status == 200
    assert "provider one is left out" in caplog.text


class Elsewhere(LocalCounter):
    """A count that is shared, and may be lost."""

    kind = "redis"

    def __init__(self, *, lost: bool) -> None:
        super().__init__(lambda: 0)
        self.lost = lost

    def show(self, sheet: Any) -> None: ...


@pytest.mark.parametrize("lost", [True, False])
async def test_a_gateway_that_cannot_count_with_the_others_is_ready_and_says_so(house, lost: bool) -> None:
    reply = await house(counter=Elsewhere(lost=lost)).ask("/readyz", method="GET")
    assert (reply.status, reply.json["ready"]) == (200, True)
    assert reply.json["limits"] == {"counted_in": "redis", "lost": lost}
    assert ["not counted together: Redis" in reason for reason in reply.json["reasons"]] == [True] * lost


async def test_a_gateway_that_is_alone_counts_in_its_process(house) -> None:
    reply = await house().ask("/readyz", method="GET")
    assert reply.json["limits"] == {"counted_in": "process"}
