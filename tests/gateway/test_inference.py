import asyncio
import json

import pytest

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Failure
from stoa.gateway.counting.estimate import tokens_in


async def test_an_answer_passes_untouched_and_leaves_one_fact(house, make) -> None:
    body = json.dumps(make.answer(), indent=3).encode()
    here = house(Scripted(200, [body[:7], body[7:]], JSON))
    reply = await here.chat(temperature=0.7, x_request_id="mine-1")
    assert (reply.status, reply.body) == (200, body)
    assert reply.named == {
        "content-type": "application/json",
        "x-stoa-route": "mock",
        "x-stoa-model": "mock",
        "x-stoa-cache": "bypass",
        "x-stoa-cost-nano-usd": "13500",
        "x-stoa-estimate-nano-usd": str(here.facts[0].estimate_nano_usd),
        "x-stoa-estimate-tokens": str(tokens_in(here.upstreams.sent[0].body)),
        "x-request-id": "mine-1",
    }
    (fact,) = here.facts
    assert (fact.request_id, fact.status, fact.cost_nano_usd, fact.tokens_from) == ("mine-1", 200, 13_500, "provider")
    assert (fact.prompt_tokens, fact.completion_tokens, fact.snapshot_version, fact.price_version) == (10, 20, 7, "p1")
    assert (fact.team, fact.key_id, fact.model, fact.provider, fact.attempts) == ("company", "app", "mock", "one", 1)


async def test_the_request_passes_untouched_with_the_providers_own_credential(house) -> None:
    here = house()
    body = (
        b'{ "model":"mock", "messages":[{"role":"user","content":"\xc3\xa4"}],  "unknown_field": [1, 2.50] , "temperature":1}'
    )
    assert (await here.begin("/v1/chat/completions", body).wait()).status == 200
    (sent,) = here.upstreams.sent
    assert (sent.url, sent.body) == ("http://one/v1/chat/completions", body)
    assert sent.headers["authorization"] == "Bearer sk-one"


async def test_a_model_has_its_upstreams_name_there(house) -> None:
    here = house()
    await here.chat("other", temperature=1)
    (sent,) = here.upstreams.sent
    assert json.loads(sent.body) == {
        "model": "gpt-other", "messages": [{"role": "user", "content": "What is DevOps?"}], "temperature": 1
    }  # fmt: skip
    assert (sent.url, sent.headers["x-team"]) == ("http://two/v1/chat/completions", "t")


async def test_an_unknown_price_is_an_unknown_cost(house) -> None:
    here = house()
    reply = await here.chat("other")
    assert reply.named["x-stoa-cost-nano-usd"] == "unknown"
    assert here.facts[0].cost_nano_usd is None


async def test_without_reported_usage_tokens_are_estimated(house, make) -> None:
    fields = make.answer("x" * 40)
    del fields["usage"]
    here = house(Scripted(200, [json.dumps(fields).encode()], JSON))
    await here.chat()
    (fact,) = here.facts
    assert (fact.tokens_from, fact.completion_tokens) == ("estimate", 10)
    assert fact.prompt_tokens == 10


async def test_an_embedding_takes_the_same_way(house) -> None:
    vectors = {"object": "list", "data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 4, "total_tokens": 4}}
    here = house(Scripted(200, [json.dumps(vectors).encode()], JSON))
    reply = await here.ask("/v1/embeddings", {"model": "stoa-embed", "input": "hello"})
    assert (reply.status, reply.json) == (200, vectors)
    (fact,) = here.facts
    assert (fact.operation, fact.prompt_tokens, fact.completion_tokens, fact.cost_nano_usd) == ("embedding", 4, 0, 600)


REFUSED = [
    (b"", 400, None),
    (b"{", 400, None),
    (b"[]", 400, None),
    (b'{"messages":[{}]}', 400, "model"),
    (b'{"model":"mock"}', 400, "messages"),
    (b'{"model":"mock","messages":[]}', 400, "messages"),
    (b'{"model":"mock","messages":"hi"}', 400, "messages"),
    (b'{"model":3,"messages":[{}]}', 400, "model"),
    (b'{"model":"mock","messages":[{}],"stream":"yes"}', 400, "stream"),
    (b'{"model":"mock","messages":' + b"[" * 100_000, 400, None),
    (b'{"model":"\xff","messages":[{}]}', 400, None),
]


@pytest.mark.parametrize(("body", "status", "param"), REFUSED)
async def test_a_malformed_body_is_refused_in_words(house, body: bytes, status: int, param: str | None) -> None:
    here = house()
    reply = await here.begin("/v1/chat/completions", body).wait()
    assert (reply.status, reply.error["param"], reply.error["type"]) == (status, param, "invalid_request_error")
    assert "Traceback" not in reply.error["message"]
    assert (here.upstreams.sent, here.facts) == ([], [])


async def test_an_unknown_model_is_told_what_there_is(house) -> None:
    reply = await house().chat("mokc")
    assert (reply.status, reply.error["code"], reply.error["param"]) == (404, "model_not_found", "model")
    assert "Did you mean 'mock'?" in reply.error["message"]
    assert "assistant/handbook, collection/handbook, mock, other, spread, stoa-reader" in reply.error["message"]
    assert "secret" not in reply.error["message"]


async def test_a_model_that_is_not_allowed_is_forbidden(house) -> None:
    reply = await house().chat("secret")
    assert (reply.status, reply.error["code"]) == (403, "forbidden")


async def test_an_embedding_model_cannot_chat(house) -> None:
    reply = await house().chat("stoa-embed")
    assert (reply.status, reply.error["message"]) == (404, "'stoa-embed' is not for chat but for embedding.")


FAULTS = {
    "connect": (Scripted(None, failure=Failure("connect", "no connection")), 503, "upstream_connect"),
    "timeout": (Scripted(None, failure=Failure("timeout", "too slow")), 504, "upstream_timeout"),
    "truncated": (Scripted(200, [b'{"id"'], JSON, Failure("truncated", "closed")), 502, "upstream_truncated"),
    "no JSON": (Scripted(200, [b"<html>"], JSON), 502, "upstream_malformed"),
    "credentials": (Scripted(401, [b'{"error":{"message":"bad key sk-one"}}'], JSON), 502, "upstream_credentials"),
    "redirect": (Scripted(302, [], [(b"location", b"http://evil")]), 502, "upstream_redirect"),
    "server error": (Scripted(500, [b"oops"], JSON), 502, "upstream_error"),
    "unavailable": (Scripted(503, [b'{"error":{"message":"busy"}}'], JSON), 503, "upstream_error"),
    "rate limit": (Scripted(429, [b"{}"], [(b"retry-after", b"9")]), 429, "upstream_rate_limited"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_failing_provider_is_named_and_leaves_a_fact(house, name: str) -> None:
    script, status, code = FAULTS[name]
    here = house(script)
    reply = await here.chat()
    assert (reply.status, reply.error["code"]) == (status, code)
    assert "'mock'" in reply.error["message"]
    assert "sk-one" not in reply.error["message"]
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.model, fact.cost_nano_usd, fact.attempts) == (status, code, "mock", 0, 1)
    if name == "rate limit":
        assert reply.named["retry-after"] == "9"


async def test_what_the_provider_says_against_the_request_is_passed_on(house) -> None:
    body = b'{"error":{"message":"max_tokens is too large","type":"invalid_request_error","param":"max_tokens","code":null}}'
    here = house(Scripted(400, [body], JSON))
    reply = await here.chat("spread")
    assert (reply.status, reply.body, len(here.upstreams.sent)) == (400, body, 1)


async def test_an_error_moves_on_to_the_next_target(house, make) -> None:
    here = house(lambda sent: Scripted(500, [b"oops"], JSON) if "one" in sent.url else make.whole("from two"))
    reply = await here.chat("spread")
    assert (reply.status, reply.json["choices"][0]["message"]["content"]) == (200, "from two")
    assert (reply.named["x-stoa-route"], reply.named["x-stoa-model"]) == ("spread", "other")
    (fact,) = here.facts
    assert (fact.attempts, fact.model, fact.provider, fact.requested) == (2, "other", "two", "spread")


async def test_when_every_target_fails_each_is_named_with_its_reason(house) -> None:
    reply = await house(Scripted(500, [b"oops"], JSON)).chat("spread")
    assert (reply.status, reply.error["code"], reply.named["retry-after"]) == (503, "all_targets_failed", "1")
    assert reply.error["message"] == (
        "All 2 targets of 'spread' that could be asked failed. Model 'mock' of provider 'one' failed: it answered 500: oops. "
        "Model 'other' of provider 'two' failed: it answered 500: oops."
    )


async def test_a_client_that_leaves_cancels_the_upstream_and_pays_for_the_question(house) -> None:
    here = house(Scripted(200, [], JSON, hold=True))
    reply = here.begin("/v1/chat/completions", {"model": "mock", "messages": [{"role": "user", "content": "x" * 400}]})
    await asyncio.sleep(0.01)
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    assert len(here.upstreams.cancelled) == 1
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.tokens_from) == (499, "client_gone", "estimate")
    assert fact.prompt_tokens == 87


async def test_the_fact_is_written_before_the_last_byte_leaves(house) -> None:
    order: list[str] = []
    here = house()
    append = here.log.append
    here.log.append = lambda facts: (order.append("fact"), append(facts))[1]
    reply = here.begin("/v1/chat/completions", {"model": "mock", "messages": [{"role": "user", "content": "hi"}]})
    send = reply.send
    reply.send = lambda *answer: (order.append("answer"), send(*answer))[1]
    await reply.wait()
    assert order == ["fact", "answer"]


async def test_facts_of_one_turn_are_written_together(house) -> None:
    here, groups = house(), []
    append = here.log.append
    here.log.append = lambda facts: (groups.append(len(facts)), append(facts))[1]
    await asyncio.gather(*(here.chat(temperature=1) for _ in range(20)))
    assert sum(groups) == 20
    assert len(groups) < 5


async def test_a_full_log_withholds_the_answer_and_then_refuses_at_once(house) -> None:
    here = house()
    here.log.full = True
    reply = await here.chat(temperature=1)
    assert (reply.status, reply.error["code"]) == (503, "usage_log_full")
    reply = await here.chat(temperature=1)
    assert reply.status == 503
    assert len(here.upstreams.sent) == 1, "the second was refused before a model was asked"
    assert here.facts == []


async def test_a_second_key_for_the_model_cannot_fool_a_reader_that_takes_the_first(house) -> None:
    here = house()
    body = b'{"model":"secret","messages":[{"role":"user","content":"hi"}],"temperature":1,"model":"mock"}'
    assert (await here.begin("/v1/chat/completions", body).wait()).status == 200
    assert here.upstreams.sent[0].body.count(b"model") == 1
    assert json.loads(here.upstreams.sent[0].body)["model"] == "mock"


async def test_a_refusal_of_another_dialect_is_said_in_the_clients_own(house) -> None:
    said = b'{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: no such role"}}'
    providers = {"two": Provider(name="two", type="anthropic", api_key="sealed:k")}
    here = house(
        Scripted(400, [said], JSON), providers=providers, models={"other": Model(name="other", provider="two")}, routes={}
    )
    reply = await here.chat("other")
    assert (reply.status, reply.error["code"], set(reply.json)) == (400, "upstream_refused", {"error"})
    assert "no such role" in reply.error["message"]
