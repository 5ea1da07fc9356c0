"""What is known of a head that came before: who asks and for what, until anything changes."""

import asyncio
import time

import pytest
from tests.gateway.conftest import BEHALF_KEY, KEY

from stoa.domain.behalf import Behalf, mint
from stoa.domain.exchange import NOTHING

BODY = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
PATH = "/v1/chat/completions"


async def test_a_request_with_the_head_before_is_of_the_same_client(house) -> None:
    here = house()
    first = await here.ask(PATH, BODY, known=NOTHING)
    again = await here.ask(PATH, BODY, known=first.known, key=None)  # what is known stands for the head, which has the key

    assert first.known is not NOTHING
    assert (first.status, again.status) == (200, 200)
    assert [fact.key_id for fact in here.facts] == ["app", "app"]
    assert first.named["x-request-id"] != again.named["x-request-id"]


async def test_a_revoked_key_is_refused_though_its_head_came_before(house, make) -> None:
    here = house()
    first = await here.ask(PATH, BODY, known=NOTHING)
    here.gateway.swap(make.snapshot(version=8, keys={}))

    assert (await here.ask(PATH, BODY, known=first.known)).status == 401


async def test_a_key_that_expires_is_refused_though_its_head_came_before(house, make) -> None:
    here = house(keys={make.key(): make.caller(expires_at_ms=int(time.time() * 1000) + 300)})
    first = await here.ask(PATH, BODY, known=NOTHING)
    assert first.status == 200
    await asyncio.sleep(0.31)

    assert (await here.ask(PATH, BODY, known=first.known)).status == 401


async def test_a_model_that_is_gone_is_not_found_though_its_head_came_before(house, make) -> None:
    here = house()
    first = await here.ask(PATH, BODY, known=NOTHING)
    here.gateway.swap(make.snapshot(version=8, models={}, routes={}, assistants={}))

    assert (await here.ask(PATH, BODY, known=first.known)).status == 404


async def test_who_speaks_for_somebody_is_asked_each_time(house) -> None:
    token = mint(Behalf(user="u1"), key=BEHALF_KEY, now_s=time.time())

    assert (await house().ask(PATH, BODY, known=NOTHING, key=token)).known is NOTHING
    assert (await house().ask(PATH, BODY, known=NOTHING, key=None, x_api_key=token)).known is NOTHING


@pytest.mark.parametrize("headers", [{"x_request_id": "mine-1"}])
async def test_an_id_of_the_client_s_own_holds_for_its_request_only(house, headers: dict[str, str]) -> None:
    assert (await house().ask(PATH, BODY, known=NOTHING, **headers)).known is NOTHING


async def test_nothing_is_put_by_where_no_head_comes_again(house) -> None:
    assert (await house().ask(PATH, BODY)).known is None


async def test_a_refused_client_is_not_known(house) -> None:
    assert (await house().ask(PATH, BODY, known=NOTHING, key="sk-stoa-" + "z" * 43)).known is NOTHING


async def test_what_goes_on_to_control_leaves_the_client_s_headers_as_they_were(house) -> None:
    reply = house().begin("/v1/batches", {}, known=NOTHING, ended=False)

    assert reply.headers[b"authorization"] == f"Bearer {KEY}".encode()
