import asyncio

import pytest
from tests.adapters.providers.scripted import answer

from stoa.adapters.providers.tokens import Grant, TokenEndpoint, Tokens
from stoa.domain.upstream import OriginLimits


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ask(upstreams, scripted, recorder, clock):
    """Posts once and gives what was heard; every request to the upstream is answered."""
    tokens = Tokens(upstreams, clock=clock)
    endpoint = upstreams.origin(scripted.url, OriginLimits()).endpoint("/chat", {})

    def source():
        return tokens.source(b"one", lambda: Grant(f"{scripted.url}/token?v=2", lambda now: b"now=%d" % now))

    kept = source()

    async def post(times: int = 1):
        assert source() is kept
        heard = [recorder() for _ in range(times)]
        for each in heard:
            scripted.answers.append(answer())
            TokenEndpoint(endpoint, kept).post(b"body", each, b"x-a: b\r\n")
        for each in heard:
            await each.wait()
        return heard[-1]

    return post


async def renewed(scripted, times: int) -> None:
    for _ in range(200):
        if len(scripted.tokens_asked) == times:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(scripted.tokens_asked)} tokens were asked for, not {times}")


def numbered(scripted, lifetime=3600):
    return lambda _: answer(body={"access_token": f"t{len(scripted.tokens_asked)}", "expires_in": lifetime})


async def test_requests_that_come_while_a_token_is_asked_for_share_it(ask, scripted) -> None:
    await ask(5)
    assert len(scripted.tokens_asked) == 1
    assert scripted.tokens_asked[0].line == "POST /token?v=2 HTTP/1.1"
    assert scripted.tokens_asked[0].body == b"now=1000000"
    assert {each.headers["authorization"] for each in scripted.asked} == {"Bearer tok-1"}
    assert {each.headers["x-a"] for each in scripted.asked} == {"b"}


async def test_a_token_is_renewed_ahead_of_its_end_and_the_old_one_serves_meanwhile(ask, scripted, clock) -> None:
    scripted.token = numbered(scripted)
    await ask()
    clock.now += 3200
    await ask()
    assert scripted.asked[-1].headers["authorization"] == "Bearer t1"
    clock.now += 200  # 210 s before the end
    await ask()
    assert scripted.asked[-1].headers["authorization"] == "Bearer t1"
    await renewed(scripted, 2)
    await asyncio.sleep(0.05)
    await ask()
    assert scripted.asked[-1].headers["authorization"] == "Bearer t2"


async def test_a_token_that_is_over_is_not_sent(ask, scripted, clock) -> None:
    scripted.token = numbered(scripted, "60")
    await ask()
    clock.now += 51
    await ask()
    assert scripted.asked[-1].headers["authorization"] == "Bearer t2"


async def test_a_token_server_that_fails_costs_nothing_while_the_token_is_good(ask, scripted, clock, caplog) -> None:
    await ask()
    scripted.token = lambda _: answer(500)
    clock.now += 3400
    assert (await ask()).failure is None
    await renewed(scripted, 2)
    await asyncio.sleep(0.05)
    assert (await ask()).failure is None
    assert "refused with 500" in caplog.text
    clock.now += 300
    heard = await ask()
    assert heard.failure.kind == "connect"
    assert "refused with 500" in heard.failure.message


async def test_after_a_refusal_nobody_asks_again_for_a_second(ask, scripted, clock) -> None:
    scripted.token = lambda _: answer(401, {"error": "invalid_client", "error_description": "secret tok-1 is wrong"})
    for _ in range(4):
        failure = (await ask(3)).failure
        assert failure.kind == "connect"
        assert failure.message == f"the token server {scripted.url} refused with 401 (invalid_client)"
    assert len(scripted.tokens_asked) == 1
    clock.now += 1.5
    scripted.token = numbered(scripted)
    scripted.answers.clear()
    assert (await ask()).failure is None
    assert scripted.asked[-1].headers["authorization"] == "Bearer t2"


@pytest.mark.parametrize(
    "reply",
    [
        answer(body=b"<html>"),
        answer(body={"expires_in": 3600}),
        answer(body={"access_token": "a\r\nx-evil: 1"}),
        answer(body={"access_token": "a", "expires_in": "soon"}),
        answer(302, location="http://127.0.0.1:1/"),
        [None],
    ],
)
async def test_what_is_no_token_is_a_failure_to_connect(ask, scripted, reply) -> None:
    scripted.token = lambda _: reply
    failure = (await ask()).failure
    assert failure.kind == "connect"
    assert scripted.asked == []
