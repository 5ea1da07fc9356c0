"""From one target to the next: which failures lead where, what is tried again, and what a client is told at the end."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import perf_counter

import pytest
from tests.gateway.fleets import BODY, asked, fleet, refusal, targets, text

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted
from stoa.domain.resources import Limit
from stoa.domain.upstream import Failure

REFUSALS = {
    "rate_limit": refusal(429, "slow down", "rate_limit_exceeded"),
    "timeout": Scripted(None, failure=Failure("timeout", "nothing came")),
    "server_error": refusal(500, "oops"),
    "credentials": refusal(401, "Incorrect API key provided: sk-wrong", "invalid_api_key"),
    "not_found": refusal(404, "The model does not exist", "model_not_found"),
    "context_window": refusal(400, "maximum context length is 10 tokens", "context_length_exceeded"),
    "content_policy": refusal(400, "flagged", "content_filter"),
    "invalid_request": refusal(400, "temperature is too high", "invalid_value"),
}
PROVIDERS = ("rate_limit", "timeout", "server_error", "credentials", "not_found")
REQUESTS = ("context_window", "content_policy", "invalid_request")
OTHERS = {
    "a connection that fails": Scripted(None, failure=Failure("connect", "no connection")),
    "an answer that breaks off": Scripted(200, [b'{"choices"'], JSON, Failure("truncated", "closed")),
    "an answer that is no JSON": Scripted(200, [b"<html>"], JSON),
    "an unavailable server": refusal(503, "overloaded"),
    "a redirect": Scripted(302, [], [(b"location", b"http://elsewhere/")]),
    "a page of a proxy": Scripted(502, [b"<html>Bad Gateway</html>"], [(b"content-type", b"text/html")]),
    "a spent balance": refusal(402, "Insufficient Balance"),
}


# --- fallback by class


@pytest.mark.parametrize("error_class", PROVIDERS)
async def test_a_providers_failure_leads_to_the_next_target(error_class: str, house, make) -> None:
    here = fleet(house, {"a": REFUSALS[error_class], "b": make.whole("from b")}, targets=targets("a", "b"), strategy="ordered")
    reply = await here.chat("best")
    assert (reply.status, text(reply), asked(here)) == (200, "from b", ["a", "b"])
    (fact,) = here.facts
    assert (fact.model, fact.provider, fact.attempts, fact.status, fact.error) == ("b", "b", 2, 200, None)
    assert fact.cost_nano_usd == 13_500, "what failed costs nothing"


@pytest.mark.parametrize("name", OTHERS)
async def test_whatever_else_goes_wrong_leads_there_too(name: str, house, make) -> None:
    here = fleet(house, {"a": OTHERS[name], "b": make.whole("from b")}, targets=targets("a", "b"), strategy="ordered")
    reply = await here.chat("best")
    assert (reply.status, text(reply), asked(here)) == (200, "from b", ["a", "b"])


@pytest.mark.parametrize("error_class", PROVIDERS)
async def test_a_fallback_is_asked_for_its_classes_alone(error_class: str, house, make) -> None:
    fallback = [
        {"model": "c", "on": [each for each in PROVIDERS if each != error_class]},
        {"model": "d", "on": [error_class]},
    ]
    answers = {"a": REFUSALS[error_class], "b": REFUSALS[error_class], "d": make.whole("from d")}
    here = fleet(house, answers, targets=targets("a", "b"), strategy="ordered", fallback=fallback)
    reply = await here.chat("best")
    assert (text(reply), asked(here)) == ("from d", ["a", "b", "d"])


@pytest.mark.parametrize("error_class", REQUESTS)
async def test_the_requests_own_fault_goes_to_its_fallback_and_to_no_other_target(error_class: str, house, make) -> None:
    fallback = [{"model": "c", "on": list(PROVIDERS)}, {"model": "d", "on": [error_class]}]
    here = fleet(
        house, {"a": REFUSALS[error_class], "d": make.whole("from d")}, targets=targets("a", "b"), strategy="ordered",
        fallback=fallback,
    )  # fmt: skip
    reply = await here.chat("best")
    assert (text(reply), asked(here)) == ("from d", ["a", "d"])


@pytest.mark.parametrize("error_class", REQUESTS)
async def test_without_a_fallback_the_client_reads_it_as_the_provider_wrote_it(error_class: str, house) -> None:
    here = fleet(house, {"a": REFUSALS[error_class]}, targets=targets("a", "b"), strategy="ordered")
    reply = await here.chat("best")
    assert (reply.status, asked(here)) == (400, ["a"])
    assert reply.body == REFUSALS[error_class].pieces[0]
    assert (here.facts[0].error, here.facts[0].cost_nano_usd) == ("upstream_refused", 0)


async def test_a_refusal_in_another_dialect_reaches_the_client_in_its_own(house) -> None:
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8"}}'
    here = fleet(house, {"a": Scripted(400, [body], JSON)}, targets=targets("a"), types={"a": "anthropic"})
    reply = await here.chat("best")
    assert (reply.status, reply.error["type"], reply.error["code"]) == (400, "invalid_request_error", "upstream_refused")
    assert reply.error["message"] == "Model 'a' refused the request: prompt is too long: 9 tokens > 8"


async def test_a_page_of_a_proxy_is_not_passed_on_as_an_answer(house) -> None:
    here = fleet(house, {"a": Scripted(400, [b"<html>Bad Request</html>"], JSON)}, targets=targets("a"))
    reply = await here.chat("best")
    assert (reply.status, reply.error["code"]) == (400, "upstream_refused")


async def test_refused_credentials_are_not_shown(house) -> None:
    here = fleet(house, {"a": REFUSALS["credentials"]}, targets=targets("a"))
    reply = await here.chat("best")
    assert (reply.status, reply.error["code"]) == (502, "upstream_credentials")
    assert b"sk-wrong" not in reply.body


async def test_an_error_in_a_whole_answer_of_success_is_an_error(house, make) -> None:
    bad = Scripted(200, [b'{"error":{"message":"Provider returned error","code":429}}'], JSON)
    here = fleet(house, {"a": bad, "b": make.whole("from b")}, targets=targets("a", "b"), strategy="ordered")
    reply = await here.chat("best")
    assert (reply.status, text(reply)) == (200, "from b")
    assert here.gateway.reports()[0].last_error_class == "rate_limit"


async def test_a_blocked_answer_in_another_dialect_is_of_its_class(house, make) -> None:
    blocked = Scripted(200, [b'{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}'], JSON)
    here = fleet(
        house, {"a": blocked, "d": make.whole("from d")}, targets=targets("a", "b"), strategy="ordered",
        fallback=[{"model": "d", "on": ["content_policy"]}], types={"a": "gemini"},
    )  # fmt: skip
    reply = await here.chat("best")
    assert (text(reply), asked(here)) == ("from d", ["a", "d"])


# --- streams


IN_STREAM = {
    "rate_limit": {"message": "Rate limit reached", "code": "rate_limit_exceeded"},
    "server_error": {"message": "overloaded", "code": 503},
    "timeout": {"message": "upstream timed out"},
    "credentials": {"message": "Incorrect API key provided: sk-wrong", "code": "invalid_api_key"},
    "context_window": {"message": "maximum context length exceeded", "code": "context_length_exceeded"},
    "content_policy": {"message": "flagged", "code": "content_filter"},
}


def erring(error: object, *before: bytes) -> Scripted:
    return Scripted(200, [*before, b"data: " + json.dumps({"error": error}).encode() + b"\n\n"], EVENTS)


@pytest.mark.parametrize("error_class", IN_STREAM)
async def test_an_error_in_a_stream_before_its_content_is_of_its_class_and_falls_back(error_class: str, house, make) -> None:
    role = make.chunk({"role": "assistant", "content": ""})
    here = fleet(
        house, {"a": erring(IN_STREAM[error_class], role), "d": make.stream(*make.talk("from", "d"))}, targets=targets("a"),
        fallback=[{"model": "d", "on": [error_class]}],
    )  # fmt: skip
    reply = await here.chat("best", stream=True)
    assert (reply.status, asked(here), reply.named["x-stoa-model"]) == (200, ["a", "d"], "d")
    assert reply.body == b"".join(make.talk("from", "d")) + b"data: [DONE]\n\n", "nothing of the first is in it"
    (fact,) = here.facts
    assert (fact.model, fact.attempts, fact.error) == ("d", 2, None)


@pytest.mark.parametrize("error_class", IN_STREAM)
async def test_after_content_it_ends_the_stream_with_an_error_and_without_an_end(error_class: str, house, make) -> None:
    here = fleet(
        house, {"a": erring(IN_STREAM[error_class], make.chunk({"content": "Dev"}))}, targets=targets("a"),
        fallback=[{"model": "d", "on": [error_class]}],
    )  # fmt: skip
    reply = await here.chat("best", stream=True)
    assert (asked(here), "[DONE]" in reply.events) == (["a"], False)
    assert reply.events[0]["choices"][0]["delta"] == {"content": "Dev"}
    assert reply.events[-1]["error"]["message"].startswith("Model 'a' ")
    assert b"sk-wrong" not in reply.body
    (fact,) = here.facts
    assert (fact.model, fact.status, fact.error) == ("a", 200, reply.events[-1]["error"]["code"])
    assert fact.completion_tokens == 1, "what came is billed"


async def test_when_no_stream_can_begin_the_refusal_has_a_status_of_its_own(house) -> None:
    here = fleet(house, {"a": erring(IN_STREAM["context_window"])}, targets=targets("a"))
    reply = await here.chat("best", stream=True)
    assert (reply.status, reply.named["content-type"], reply.error["code"]) == (400, "application/json", "upstream_refused")


# --- retries

AGAIN = {"attempts": 2, "wait_s": 0.001}


async def test_a_target_is_tried_again_before_the_next(house, make) -> None:
    here = fleet(house, {"a": [REFUSALS["server_error"], make.whole("at last")]}, targets=targets("a", "b"), strategy="ordered",
                 retries=AGAIN)  # fmt: skip
    reply = await here.chat("best")
    assert (text(reply), asked(here), here.facts[0].attempts) == ("at last", ["a", "a"], 2)


async def test_so_many_times_and_then_the_next(house, make) -> None:
    answers = {"a": REFUSALS["server_error"], "b": [REFUSALS["timeout"], make.whole("from b")]}
    here = fleet(house, answers, targets=targets("a", "b"), strategy="ordered", retries=AGAIN)
    reply = await here.chat("best")
    assert (text(reply), asked(here)) == ("from b", ["a", "a", "a", "b", "b"])


@pytest.mark.parametrize("error_class", ["credentials", "not_found", *REQUESTS])
async def test_what_would_fail_again_is_not_tried_again(error_class: str, house) -> None:
    here = fleet(house, {"a": REFUSALS[error_class]}, targets=targets("a"), retries=AGAIN)
    await here.chat("best")
    assert asked(here) == ["a"]


async def test_only_the_classes_that_are_named_are_tried_again(house) -> None:
    here = fleet(house, {"a": REFUSALS["server_error"]}, targets=targets("a"), retries={**AGAIN, "on": ["rate_limit"]})
    await here.chat("best")
    assert asked(here) == ["a"]


async def test_who_is_asked_to_come_back_later_than_anybody_waits_goes_on_at_once(house, make) -> None:
    here = fleet(
        house, {"a": refusal(429, "slow down", retry_after="60"), "b": make.whole("from b")}, targets=targets("a", "b"),
        strategy="ordered", retries=AGAIN,
    )  # fmt: skip
    assert text(await here.chat("best")) == "from b"
    assert asked(here) == ["a", "b"]


async def test_retries_are_a_share_of_the_requests_however_many_fail(house) -> None:
    here = fleet(
        house, {"a": REFUSALS["server_error"]}, targets=targets("a"), retries={**AGAIN, "attempts": 5, "budget": 0.1},
        breaker={"failures": 1000},
    )  # fmt: skip
    await asyncio.gather(*(here.chat("best") for _ in range(100)))
    assert len(asked(here)) == 110


async def test_a_retry_that_waits_is_given_up_with_the_client(house) -> None:
    here = fleet(house, {"a": refusal(429, retry_after="0.5")}, targets=targets("a"), retries=AGAIN)
    reply = here.begin("/v1/chat/completions", BODY)
    await asyncio.sleep(0.05)
    reply.intake.on_gone()
    await asyncio.sleep(0.7)
    assert asked(here) == ["a"]
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.attempts, fact.cost_nano_usd) == (499, "client_gone", 1, 0)


# --- Retry-After, and targets that are left alone


def dated(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


GOOGLE = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota", "details": [
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "120s"}]}}  # fmt: skip
TOLD = {
    "seconds": (refusal(429, retry_after="120"), "openai-compatible"),
    "a date": (lambda sent: refusal(429, retry_after=dated(120)), "openai-compatible"),
    "milliseconds": (refusal(429, retry_after_ms="120000", retry_after="1"), "openai-compatible"),
    "the body": (Scripted(429, [json.dumps(GOOGLE).encode()], JSON), "gemini"),
}


@pytest.mark.parametrize("name", TOLD)
async def test_one_rate_limit_that_says_when_leaves_its_target_alone_so_long(name: str, house, make) -> None:
    answer, kind = TOLD[name]
    here = fleet(
        house, {"a": answer, "b": make.whole("from b")}, targets=targets("a", "b"), strategy="ordered", types={"a": kind}
    )
    for _ in range(10):
        assert text(await here.chat("best")) == "from b"
    assert Counter(asked(here)) == {"a": 1, "b": 10}
    report = next(each for each in here.gateway.reports() if each.model == "a")
    assert (report.breaker, report.last_error_class) == ("open", "rate_limit")
    assert 100 < report.usable_in_s <= 121


@pytest.mark.parametrize("name", TOLD)
async def test_when_nobody_else_is_there_the_client_is_told_when_to_come_back(name: str, house) -> None:
    answer, kind = TOLD[name]
    here = fleet(house, {"a": answer}, targets=targets("a"), types={"a": kind})
    first = await here.chat("best")
    assert (first.status, first.error["code"]) == (429, "upstream_rate_limited")
    assert 100 < int(first.named["retry-after"]) <= 121
    second = await here.chat("best")
    assert (second.status, second.error["code"]) == (503, "no_target")
    assert "'a': left alone after rate_limit" in second.error["message"]
    assert 100 < int(second.named["retry-after"]) <= 121
    assert asked(here) == ["a"]


async def test_a_spent_quota_is_not_asked_again_for_a_minute(house) -> None:
    here = fleet(house, {"a": refusal(429, "You exceeded your current quota", "insufficient_quota")}, targets=targets("a"),
                 retries=AGAIN)  # fmt: skip
    assert (await here.chat("best")).named["retry-after"] == "60"
    assert (await here.chat("best")).error["code"] == "no_target"
    assert asked(here) == ["a"]


async def test_a_target_that_only_fails_is_left_alone_and_then_probed_by_one(house, make) -> None:
    here = fleet(
        house, {"a": [*[REFUSALS["server_error"]] * 3, make.whole("back")], "b": make.whole("from b")},
        targets=targets("a", "b"), strategy="ordered", breaker={"failures": 3, "cooldown_s": 60},
    )  # fmt: skip
    for _ in range(5):
        assert text(await here.chat("best")) == "from b"
    assert Counter(asked(here))["a"] == 3
    state = next(each for each in here.gateway.states if each.model == "a")
    state.breaker.open_until = perf_counter()  # its pause is over
    replies = await asyncio.gather(*(here.chat("best") for _ in range(20)))
    assert Counter(map(text, replies)) == {"back": 1, "from b": 19}, "one probe, and the rest elsewhere until it answers"
    assert text(await here.chat("best")) == "back"


@pytest.mark.parametrize("error_class", REQUESTS)
async def test_the_callers_faults_leave_a_target_in_use(error_class: str, house) -> None:
    here = fleet(house, {"a": REFUSALS[error_class]}, targets=targets("a"), breaker={"failures": 1})
    assert [(await here.chat("best")).status for _ in range(10)] == [400] * 10


# --- when everything is down


async def test_when_all_fail_each_is_named_with_its_reason_and_when_to_try_again(house) -> None:
    here = fleet(
        house, {"a": REFUSALS["server_error"], "b": refusal(429, "slow down", retry_after="7"), "c": REFUSALS["timeout"]},
        targets=targets("a", "b"), strategy="ordered", fallback=["c"],
    )  # fmt: skip
    reply = await here.chat("best")
    assert (reply.status, reply.error["code"], reply.named["retry-after"]) == (503, "all_targets_failed", "1")
    assert reply.error["message"] == (
        "All 3 targets of 'best' that could be asked failed. Model 'a' of provider 'a' failed: it answered 500: oops. "
        "Model 'b' of provider 'b' failed: it answered 429: slow down. Model 'c' of provider 'c' failed: nothing came."
    )
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.model, fact.attempts, fact.cost_nano_usd) == (503, "all_targets_failed", "c", 3, 0)


async def test_when_all_are_limited_it_is_a_limit_and_the_soonest_counts(house) -> None:
    answers = {"a": refusal(429, retry_after="40"), "b": refusal(429, retry_after="20")}
    reply = await fleet(house, answers, targets=targets("a", "b"), strategy="ordered").chat("best")
    assert (reply.status, reply.error["code"], reply.error["type"]) == (429, "upstream_rate_limited", "rate_limit_error")
    assert reply.named["retry-after"] == "20"


async def test_when_all_are_too_slow_it_is_a_timeout(house) -> None:
    answers = {"a": REFUSALS["timeout"], "b": REFUSALS["timeout"]}
    reply = await fleet(house, answers, targets=targets("a", "b"), strategy="ordered").chat("best")
    assert (reply.status, reply.error["code"]) == (504, "upstream_timeout")


async def test_when_all_are_left_alone_nobody_is_asked(house) -> None:
    here = fleet(house, {"a": REFUSALS["server_error"], "b": refusal(429, retry_after="30")}, targets=targets("a", "b"),
                 strategy="ordered", breaker={"failures": 1, "cooldown_s": 20})  # fmt: skip
    await here.chat("best")
    reply = await here.chat("best")
    assert (reply.status, reply.error["code"], reply.error["type"]) == (503, "no_target", "unavailable_error")
    assert "'a': left alone after server_error, asked again in " in reply.error["message"]
    assert "'b': left alone after rate_limit, asked again in 30 s" in reply.error["message"]
    assert 19 <= int(reply.named["retry-after"]) <= 25
    assert len(asked(here)) == 2


async def test_how_often_a_single_target_was_asked_is_said(house) -> None:
    reply = await fleet(house, {"a": REFUSALS["server_error"]}, targets=targets("a"), retries=AGAIN).chat("best")
    assert reply.status == 502
    assert reply.error["message"] == "Model 'a' of provider 'a' failed: it answered 500: oops. It was asked 3 times."


async def test_anthropics_clients_are_told_in_their_own_form(house) -> None:
    here = fleet(
        house, {"a": REFUSALS["server_error"], "b": REFUSALS["timeout"]}, targets=targets("a", "b"), strategy="ordered"
    )
    reply = await here.ask("/v1/messages", {**BODY, "max_tokens": 5})
    assert (reply.status, reply.json["type"], reply.json["error"]["type"]) == (503, "error", "overloaded_error")
    assert "Model 'a' of provider 'a' failed" in reply.json["error"]["message"]


# --- strategies through the gateway


async def test_weights_are_shares(house, make) -> None:
    both = [{"model": "a", "weight": 3}, {"model": "b", "weight": 1}]
    here = fleet(house, {"a": make.whole(), "b": make.whole()}, targets=both)
    for _ in range(400):
        await here.chat("best")
    assert 250 < Counter(asked(here))["a"] < 350


async def test_a_tag_of_the_request_chooses(house, make) -> None:
    tagged = [{"model": "a", "tags": ["eu"]}, {"model": "b", "tags": ["us"]}]
    here = fleet(house, {"a": make.whole(), "b": make.whole()}, targets=tagged, strategy="tagged")
    assert (await here.ask("/v1/chat/completions", BODY, x_stoa_tags="us, x")).named["x-stoa-model"] == "b"
    assert (await here.ask("/v1/chat/completions", BODY, x_stoa_tags="eu")).named["x-stoa-model"] == "a"
    refused = await here.ask("/v1/chat/completions", BODY)
    assert (refused.status, refused.error["param"], here.gateway.reports()[0].failed_total) == (400, "x-stoa-tags", 0)


async def test_a_user_stays_with_a_target_and_users_are_spread(house, make) -> None:
    here = fleet(house, {"a": make.whole(), "b": make.whole()}, targets=targets("a", "b"), sticky=True)
    stays = {}
    for user in map(str, range(30)):
        models = {(await here.chat("best", user=user)).named["x-stoa-model"] for _ in range(3)}
        (stays[user],) = models
    assert set(stays.values()) == {"a", "b"}


async def test_the_cheapest_and_the_least_busy_are_asked(house, make) -> None:
    here = fleet(house, {"a": Scripted(200, [], JSON, hold=True), "b": make.whole()}, targets=targets("a", "b"),
                 strategy="least_busy")  # fmt: skip
    waiting = []
    while "a" not in asked(here):
        waiting.append(here.begin("/v1/chat/completions", BODY))
        await asyncio.sleep(0.001)
    assert {(await here.chat("best")).named["x-stoa-model"] for _ in range(20)} == {"b"}
    for reply in waiting:
        if reply.status is None:
            reply.intake.on_gone()


# --- small model first

SIZES = {"targets": targets("a", "b", "c"), "strategy": "complexity"}


async def test_a_simple_question_is_for_the_smallest(house, make) -> None:
    here = fleet(house, {"a": make.whole("Paris.")}, **SIZES)
    assert (text(await here.chat("best", "What is the capital of France?")), asked(here)) == ("Paris.", ["a"])


async def test_a_hard_one_begins_with_the_largest(house, make) -> None:
    here = fleet(house, {"c": make.whole("First, ...")}, **SIZES)
    await here.chat("best", "Prove it, compare the two proofs and explain why:\n```python\nx\n```")
    assert asked(here) == ["c"]


async def test_one_that_gives_no_answer_is_followed_by_a_larger_and_both_are_paid(house, make) -> None:
    answers = {"a": make.whole("I don't know."), "b": make.whole("I cannot answer this."), "c": make.whole("Paris.")}
    here = fleet(house, answers, **SIZES)
    reply = await here.chat("best", "What is the capital of France?")
    assert (text(reply), asked(here)) == ("Paris.", ["a", "b", "c"])
    (fact,) = here.facts
    assert (fact.model, fact.attempts, fact.cost_nano_usd) == ("c", 3, 3 * 13_500)
    assert (fact.prompt_tokens, fact.completion_tokens) == (10, 20)


async def test_the_tokens_of_an_answer_that_was_none_count_at_their_model(house, make) -> None:
    answers = {"a": make.whole("I don't know."), "b": make.whole("Paris."), "c": make.whole("Paris.")}
    limits = {"l": Limit(name="l", scope="model", tokens=10_000)}
    here = fleet(lambda *given, **fields: house(*given, **fields, limits=limits), answers, **SIZES)
    await here.chat("best", "What is the capital of France?")
    await asyncio.sleep(0.01)
    used: list[int] = []
    for model in ("a", "b"):
        (rule,) = here.gateway._plan.targets[model].rules
        used.append(here.gateway.counter.used(rule.claim(0, here.facts[0].at_ms), here.facts[0].at_ms)[0])
    assert used == [30, 30]


async def test_the_largest_ones_answer_is_the_answer_whatever_it_says(house, make) -> None:
    sorry = make.whole("I don't know.")
    here = fleet(house, {"a": sorry, "b": sorry, "c": sorry}, **SIZES)
    assert text(await here.chat("best", "Who?")) == "I don't know."
    assert here.facts[0].cost_nano_usd == 3 * 13_500


async def test_a_prompt_that_is_too_long_goes_to_the_next_size(house, make) -> None:
    here = fleet(house, {"a": REFUSALS["context_window"], "b": make.whole("from b")}, **SIZES)
    assert (text(await here.chat("best", "Who?")), asked(here)) == ("from b", ["a", "b"])


async def test_a_client_that_leaves_between_two_sizes_is_asked_for_no_more(house, make) -> None:
    here = fleet(house, {"a": make.whole("I don't know."), "b": make.whole("Paris.")}, **SIZES)
    reply = here.begin("/v1/chat/completions", BODY)
    discard = reply.intake.discard

    def leaves(attempt, body) -> None:
        discard(attempt, body)
        asyncio.get_running_loop().call_soon(reply.intake.on_gone)

    reply.intake.discard = leaves
    await asyncio.sleep(0.05)
    assert asked(here) in (["a"], ["a", "b"])
    (fact,) = here.facts
    assert (fact.status, fact.error) == (499, "client_gone")
    assert fact.cost_nano_usd >= 13_500


# --- lanes


async def test_a_place_that_does_not_come_is_a_failure_like_others(house, make, monkeypatch) -> None:
    monkeypatch.setitem(__import__("stoa.gateway.tries", fromlist=["x"]).LONGEST_WAIT_S, "realtime", 0.01)
    here = fleet(
        house, {"a": Scripted(200, [], JSON, hold=True), "b": make.whole("from b")}, targets=targets("a", "b"),
        strategy="ordered", models={"a": {"max_parallel": 1}},
    )  # fmt: skip
    first = here.begin("/v1/chat/completions", BODY)
    assert text(await here.chat("best")) == "from b"
    first.intake.on_gone()
    assert here.gateway.reports()[0].inflight_realtime == 0


async def test_real_time_goes_before_batches_and_both_are_answered(house, make) -> None:
    here = fleet(house, {"a": make.whole()}, targets=targets("a"), models={"a": {"max_parallel": 1}})
    batches = [here.begin("/v1/chat/completions", BODY, x_stoa_lane="batch") for _ in range(3)]
    real = here.begin("/v1/chat/completions", BODY)
    order: list[str] = []
    for name, reply in (*((f"batch {number}", each) for number, each in enumerate(batches)), ("real", real)):
        send = reply.send
        reply.send = lambda *answer, name=name, send=send: (order.append(name), send(*answer))[1]
    await asyncio.gather(*(reply.wait() for reply in (*batches, real)))
    assert order == ["batch 0", "real", "batch 1", "batch 2"]
    assert [fact.lane for fact in here.facts] == ["batch", "realtime", "batch", "batch"]


async def test_who_leaves_the_line_is_not_asked_for_and_pays_nothing(house, make) -> None:
    here = fleet(house, {"a": [Scripted(200, [], JSON, hold=True), make.whole()]}, targets=targets("a"),
                 models={"a": {"max_parallel": 1}})  # fmt: skip
    first, second, third = (here.begin("/v1/chat/completions", BODY) for _ in range(3))
    second.intake.on_gone()
    first.intake.on_gone()
    await third.wait()
    assert (third.status, len(asked(here))) == (200, 2)
    gone = [fact for fact in here.facts if fact.error == "client_gone"]
    assert sorted(fact.attempts for fact in gone) == [0, 1]
    assert min(fact.cost_nano_usd or 0 for fact in gone) == 0
