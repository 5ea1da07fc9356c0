"""`stoa usage`."""

from collections.abc import Callable
from typing import Any

from tests.cli.conftest import ScriptedApi
from typer.testing import Result

ROW: dict[str, Any] = {
    "bucket": "gpt", "requests": 1200, "prompt_tokens": 10, "completion_tokens": 20, "cost_nano_usd": 1_500_000_000,
    "unknown_cost_requests": 3, "cache_hits": 4, "saved_nano_usd": 250_000_000, "errors": 5,
}  # fmt: skip
TIMES = {"p50": 812.0, "p95": 2340.0, "p99": 61_200.0}
LATENCY: dict[str, Any] = {
    "bucket": "gpt", "requests": 1200, "requests_per_minute": 0.8333, "errors": 6, "error_rate": 0.005, "latency_ms": TIMES,
    "first_token_ms": None, "output_tokens_per_s": 41.26, "completion_tokens": 5,
}  # fmt: skip


def asked(api: ScriptedApi) -> dict[str, str]:
    return dict(api.requests[-1].url.params)


def test_usage_is_told_by_day_with_the_sum_of_all(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/usage"] = {"data": [ROW], "total": ROW | {"bucket": None}}
    lines = [line.split() for line in stoa("usage").stdout.splitlines()]
    assert lines[0][:2] == ["DAY", "REQUESTS"]
    assert [line[0] for line in lines[1:]] == ["gpt", "all"]
    assert lines[1] == ["gpt", "1200", "10", "20", "$1.50", "3", "4", "$0.25", "5"]
    assert asked(api) == {"group_by": "day"}


def test_a_window_and_a_grouping_are_passed_on(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/usage"] = {"data": [], "total": ROW}
    result = stoa("usage", "--by", "team", "--from", "2031-01-01", "--to", "2031-01-31")
    assert (result.stdout, result.stderr) == ("", "Nothing was asked in this time.\n")
    assert asked(api) == {"group_by": "team", "from": "2031-01-01", "to": "2031-01-31"}


def test_latency_is_told_by_model_in_times_that_people_read(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/usage/latency"] = {"data": [LATENCY]}
    line = stoa("usage", "--latency").stdout.splitlines()[1]
    assert line.split("  ")[0] == "gpt"
    assert [cell.strip() for cell in line.split("  ") if cell.strip()] == [
        "gpt", "1200", "0.8", "0.5%", "812 ms", "2.34 s", "61.2 s", "-", "-", "-", "41.3"
    ]  # fmt: skip
    assert asked(api) == {"group_by": "model"}


def test_json_is_the_answer_of_the_api(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/usage/latency"] = {"data": [LATENCY]}
    result = stoa("usage", "--latency", "--by", "route", "--json")
    assert '"p95": 2340.0' in result.stdout
    assert asked(api) == {"group_by": "route"}
