import time

import pytest

from stoa.domain.behalf import Behalf, mint
from stoa.domain.snapshot import Access

BEHALF_KEY = b"b" * 32


async def test_a_key_that_is_not_known_is_refused_in_openai_form(house) -> None:
    reply = await house().chat(key="sk-stoa-wrong")
    assert reply.status == 401
    assert set(reply.error) == {"message", "type", "param", "code"}
    assert (reply.error["code"], reply.error["type"]) == ("invalid_api_key", "authentication_error")
    assert "sk-stoa-wrong" not in reply.error["message"]


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({}, 401, "No API key was sent"),
        ({"cookie": "stoa_session=x"}, 401, "A session in the browser is not a key"),
        ({"authorization": "Basic abc"}, 401, "must be a bearer token"),
        ({"authorization": "Bearer "}, 401, "must be a bearer token"),
        ({"authorization": "Bearer sk-stoa-mgmt-" + "a" * 43}, 403, "use an inference key"),
        ({"authorization": "Bearer stoa-behalf.x.y"}, 401, "not valid"),
        ({"authorization": "bearer sk-stoa-" + "a" * 43}, 200, ""),
    ],
)
async def test_other_credentials_are_told_what_to_use(house, headers: dict[str, str], status: int, says: str) -> None:
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}]}
    reply = await house().ask("/v1/chat/completions", body, key=None, **headers)
    assert reply.status == status
    assert says in (reply.error["message"] if status != 200 else "")


async def test_an_expired_key_is_refused(house, make) -> None:
    here = house(keys={make.key(): make.caller(expires_at_ms=int(time.time() * 1000) - 1)})
    reply = await here.chat()
    assert (reply.status, "expired" in reply.error["message"]) == (401, True)


async def test_a_revoked_key_is_refused_from_the_next_snapshot_on(house, make) -> None:
    here = house()
    assert (await here.chat()).status == 200
    here.gateway.swap(make.snapshot(version=8, keys={}))
    assert (await here.chat()).status == 401


async def test_a_token_speaks_for_a_user_or_a_team(house) -> None:
    here = house()
    for behalf, user, key in ((Behalf(user="u1"), "u1", None), (Behalf(team="company"), None, None)):
        token = mint(behalf, key=BEHALF_KEY, now_s=time.time())
        assert (await here.chat(key=token)).status == 200
        assert (here.facts[-1].user_id, here.facts[-1].key_id, here.facts[-1].team) == (user, key, "company")


async def test_a_token_speaks_for_a_key_as_long_as_the_key_is_good(house, make) -> None:
    here = house()
    token = mint(Behalf(key="app"), key=BEHALF_KEY, now_s=time.time())
    assert (await here.chat(key=token)).status == 200
    assert (here.facts[-1].key_id, here.facts[-1].team) == ("app", "company")
    here.gateway.swap(make.snapshot(version=8, keys={make.key(): make.caller(expires_at_ms=int(time.time() * 1000) - 1)}))
    assert (await here.chat(key=token)).status == 401
    here.gateway.swap(make.snapshot(version=9, keys={}))
    assert (await here.chat(key=token)).status == 401


async def test_a_token_for_somebody_unknown_is_refused(house) -> None:
    token = mint(Behalf(user="gone"), key=BEHALF_KEY, now_s=time.time())
    assert (await house().chat(key=token)).status == 401


async def test_models_are_listed_as_far_as_the_caller_may_use_them(house) -> None:
    reply = await house().ask("/v1/models", method="GET")
    names = [model["id"] for model in reply.json["data"]]
    assert names == ["assistant/handbook", "collection/handbook", "mock", "other", "spread", "stoa-embed", "stoa-reader"]
    assert reply.json["data"][0] == {"id": names[0], "object": "model", "created": 1_700_000_000, "owned_by": "stoa"}


async def test_one_model_is_shown_by_its_name_slashes_included(house) -> None:
    here = house()
    for path in ("/v1/models/assistant/handbook", "/v1/models/assistant%2Fhandbook"):
        assert (await here.ask(path, method="GET")).json["id"] == "assistant/handbook"
    for name in ("secret", "nothing"):
        reply = await here.ask(f"/v1/models/{name}", method="GET")
        assert (reply.status, reply.error["code"]) == (404, "model_not_found")


async def test_listing_is_a_right_of_its_own(house) -> None:
    here = house(access=(Access(False, frozenset({"mock"}), frozenset()),))
    assert (await here.ask("/v1/models", method="GET")).status == 403
    assert (await here.ask("/v1/models", method="GET", key=None)).status == 401
