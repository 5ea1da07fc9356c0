"""`stoa trace` and `stoa content`."""

import json
from collections.abc import Callable
from typing import Any

from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result

REQUEST: dict[str, Any] = {
    "id": "01kb0000000000000000000000", "at": "2031-03-05T12:00:00.000Z", "request_id": "order-66", "operation": "chat",
    "form": "chat", "team": "red", "requested": "fast", "assistant": None, "model": "claude", "provider": "anthropic",
    "arm": "b", "status": 200, "error": None, "cache": "miss", "cache_tier": None, "cache_of": None, "streamed": False,
    "lane": "realtime", "attempts": 2, "refused": False, "key_id": "key_1", "user_id": None, "project": "shop",
    "parent_id": None, "prompt_tokens": 1200, "cache_read_tokens": 1000, "cache_write_tokens": None, "completion_tokens": 30,
    "reasoning_tokens": None, "tokens_from": "provider", "cost_nano_usd": 1_350_000, "saved_nano_usd": None,
    "estimate_nano_usd": 2_000_000, "latency_ms": 842.5, "first_token_ms": None, "snapshot_version": 7,
    "price_version": "p1", "corpus_version": None,
}  # fmt: skip
DECISION: dict[str, Any] = {
    "why": "First gpt: Drawn by weight: 3 of 4, with 0.210. claude answered since it is a fallback of the route.",
    "strategy": "weighted", "cache_key": None, "similarity": None, "tags": [], "retrieved": [], "reranked": [],
    "estimated_by": "o200k_base",
    "stages": [
        {"stage": "receive", "start_us": 0, "end_us": 120}, {"stage": "admit", "start_us": 120, "end_us": 140},
        {"stage": "upstream", "start_us": 140, "end_us": 840_000}, {"stage": "answer", "start_us": 840_000, "end_us": 842_500},
    ],
    "tries": [
        {"kind": "first", "model": "gpt", "provider": "openai", "asked_us": 150, "content_us": None, "ended_us": 400_000,
         "status": 503, "error": "upstream_error", "error_class": "server_error", "answered": False},
        {"kind": "fallback", "model": "claude", "provider": "anthropic", "asked_us": 400_100, "content_us": 500_100,
         "ended_us": 840_000, "status": 200, "error": None, "error_class": None, "answered": True},
    ],
    "passed_over": [{"model": "slow", "why": "left alone after timeout, asked again in 12 s"}],
    "claims": [{"name": "own", "subject": "key shop", "unit": "requests", "amount": 1, "most": 10, "used": 3}],
    "verdicts": [{"guard": "pii", "stage": "before", "outcome": "mask", "us": 250, "found": ["email"]}],
}  # fmt: skip
PATH = f"/api/traces/{REQUEST['id']}"


def test_a_request_is_shown_as_a_waterfall_with_why(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", PATH] = {"request": REQUEST, "decision": DECISION, "caused": []}
    result = stoa("trace", str(REQUEST["id"]))
    text = result.stdout
    assert result.exit_code == 0
    for said in (
        "order-66", "842 ms", "fast → claude at anthropic, arm b", "team red, key key_1, project shop",
        "1,200 in, 1,000 from the provider's cache, 30 out", "$0.00135, $0.002 set aside", "Drawn by weight: 3 of 4",
        "slow: left alone after timeout", "own of key shop: 1 of 10 requests, 3 used before",
        "pii before: mask (email), 0.25 ms", "counted by o200k_base",
        "503 upstream_error", "answered, first content after 100 ms", "snapshot 7, prices p1",
    ):  # fmt: skip
        assert said in text, said
    rows = {line.split("  ")[0].strip() or line.split()[0]: line for line in text.splitlines() if "█" in line}
    assert rows["upstream"].count("█") > rows["admit"].count("█")
    tries = [line for line in text.splitlines() if line.startswith("  ") and "█" in line]
    assert [line.split()[1] for line in tries] == ["gpt", "claude"]
    assert tries[0].index("█") < tries[1].index("█"), "the fallback began later"


def test_a_refusal_and_a_request_without_a_record_are_told_as_such(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    refusal = REQUEST | {"status": 429, "error": "rate_limit", "refused": True, "model": None, "cost_nano_usd": 0}
    api.answers["GET", PATH] = {"request": refusal, "decision": None, "caused": [REQUEST]}
    text = stoa("trace", "show", str(REQUEST["id"])).stdout
    assert "429 rate_limit, refused before a model was asked" in text
    assert "No decision record" in text
    assert "It caused" in text
    assert "tokens" not in text


def test_requests_are_listed_by_a_filter(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/traces"] = listed(REQUEST)
    result = stoa("trace", "list", "--status", "error", "--model", "fast", "--key", "shop", "--team", "red", "--since", "2h",
                  "--min-ms", "500", "--text", "time")  # fmt: skip
    head, row = result.stdout.splitlines()
    assert head.split()[:3] == ["AT", "ID", "ASKED"]
    assert "1230" in row and "$0.00135" in row
    sent = dict(api.requests[-1].url.params)
    assert {name: sent[name] for name in ("status", "model", "key", "team", "min_ms", "text")} == {
        "status": "error", "model": "fast", "key": "shop", "team": "red", "min_ms": "500.0", "text": "time",
    }  # fmt: skip
    assert sent["from"].endswith("+00:00")


def test_a_list_ends_at_its_limit_and_json_is_that_of_the_api(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/traces"] = {"data": [REQUEST] * 3, "next_cursor": "more"}
    assert len(json.loads(stoa("trace", "list", "--limit", "5", "--json").stdout)) == 5
    assert len(api.requests) == 2


def test_kept_conversations_are_written_as_lines(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    messages = [{"role": "user", "content": "ä?"}, {"role": "assistant", "content": "b"}]
    api.answers["GET", "/api/traces/a/content"] = {"state": "stored", "messages": messages}
    api.answers["GET", "/api/traces/b/content"] = {"state": "none", "messages": None}
    api.answers["GET", "/api/traces/c/content"] = refused(403, "no")
    result = stoa("trace", "export", "--ids", "a,b,c")
    assert json.loads(result.stdout) == {"messages": messages, "metadata": {"request": "a"}}
    assert "1 written; 2 without" in result.stderr


def test_an_unknown_id_is_one_sentence(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/traces/nothing"] = refused(404, "There is no request 'nothing'.")
    result = stoa("trace", "nothing")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no request 'nothing'.\n")


def test_somebodys_content_is_erased(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["DELETE", "/api/contents"] = {"keys": 1, "examples": 2}
    assert "Erased" in stoa("content", "erase", "--user", "ann").stderr
    assert dict(api.requests[-1].url.params) == {"user": "ann"}
    assert stoa("content", "erase").exit_code == 2
