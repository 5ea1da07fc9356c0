"""`stoa budget`."""

import json
from collections.abc import Callable

from tests.cli.conftest import ScriptedApi
from typer.testing import Result


def budget(**fields: object) -> dict[str, object]:
    return {
        "name": "small", "scope": "project", "subject": "apollo", "per": "day", "time_zone": "Europe/Berlin",
        "used_nano_usd": 1_500_000_000, "reserved_nano_usd": None, "unknown_cost_requests": 3, "unknown": "allow",
        "warn_nano_usd": 10**9, "limit_nano_usd": 2 * 10**9, "state": "warned", "starts_at": "2030-01-01T23:00:00.000Z",
        "resets_at": "2030-01-02T23:00:00.000Z", "as_of": "2030-01-02T03:04:05.000Z",
    } | fields  # fmt: skip


def test_each_budget_is_a_line_with_what_is_used_and_what_is_not_known(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    own = budget(name=None, scope="team", subject="company", time_zone="UTC", per="month", warn_nano_usd=None, state="ok")
    api.answers["GET", "/api/budgets"] = {"data": [budget(), own]}
    result = stoa("budget")
    first, second, third = result.stdout.splitlines()
    assert first.split()[:3] == ["OF", "BUDGET", "USED"]
    assert second.split()[:6] == ["project", "apollo", "small", "$1.50", "3", "$1.00"]
    assert "day in Europe/Berlin" in second
    assert second.split()[-1] == "warned"
    assert "its own" in third
    assert "As of" in result.stderr


def test_without_a_budget_it_says_how_to_make_one(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/budgets"] = {"data": []}
    assert "There is no budget. Apply one" in stoa("budget").stdout + stoa("budget").stderr


def test_for_scripts_it_is_the_apis_own_json(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/budgets"] = {"data": [budget()]}
    assert json.loads(stoa("budget", "--json").stdout) == [budget()]
