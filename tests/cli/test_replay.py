"""`stoa replay`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import ScriptedApi
from typer.testing import Result


def side(requests: float, refused: float, cost: int, unknown: float = 0) -> dict[str, Any]:
    return {"requests": requests, "refused": refused, "cost_nano_usd": cost, "unknown_cost": unknown}


def row(name: str | None, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "before": before, "after": after}


FAST = row("fast", side(100, 0, 2_000_000_000), side(97.5, 2, 1_500_000_000, 1))
FOUND: dict[str, Any] = {
    "total": FAST | {"name": None}, "routes": [FAST], "models": [row("gpt", side(100, 0, 5), side(50, 0, 5))],
    "teams": [FAST | {"name": "red"}], "moved": 48.5, "refusals": {"rate_limit_exceeded": 2}, "admitted": 1, "assumed": 3,
    "truncated": True,
    "guards": {"judged": 40, "refused": 2, "answers_refused": 1, "masked": 3, "not_kept": 50, "not_readable": 7, "beyond": 0,
               "left_out": ["new/ours"]},
    "examples": [
        {"id": "f1", "requested": "fast", "team": "red", "before": "gpt", "after": {"gpt": 0.25, "claude": 0.75},
         "refused": None, "before_nano_usd": 1_000_000_000, "after_nano_usd": None},
        {"id": "f2", "requested": "fast", "team": "red", "before": "gpt", "after": {}, "refused": "forbidden",
         "before_nano_usd": 0, "after_nano_usd": 0},
    ],
}  # fmt: skip


def test_a_candidate_is_sent_and_told_as_before_and_after(
    stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path
) -> None:
    file = tmp_path / "candidate.yaml"
    file.write_text("kind: Route\nname: fast\ntargets: [{model: gpt}]\n")
    api.answers["POST", "/api/replay"] = FOUND
    result = stoa("replay", "--since", "7d", "--route", "fast", "--candidate", str(file), "--remove", "model/old")
    (sent,) = api.sent("POST", "/api/replay")
    assert sent["resources"] == [{"kind": "Route", "name": "fast", "targets": [{"model": "gpt"}]}]
    assert (sent["remove"], sent["route"]) == (["Model/old"], "fast")
    for said in (
        "100 → 97.5", "0 → 2", "$2.00 → $1.50 and 1 unknown", "-$0.50", "48.5 would be answered by another model",
        "2 would newly be refused: rate_limit_exceeded", "1 that were refused would be answered",
        "gpt 25%, claude 75%", "$1.00 → unknown", "refused: forbidden",
    ):  # fmt: skip
        assert said in result.stdout, said
    assert "of 40 whose content is kept 2 would newly be refused, 1 get no answer, 3 be masked" in result.stdout
    for said in (
        "3 go by load", "shorter time", "not run for 50: no content kept", "not run for 7: you may not read",
        "not run: new/ours",
    ):  # fmt: skip
        assert said in result.stderr, said


def test_without_requests_that_is_what_is_told(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    nothing = row(None, side(0, 0, 0), side(0, 0, 0))
    api.answers["POST", "/api/replay"] = FOUND | {"total": nothing, "routes": [], "models": [], "teams": []}
    result = stoa("replay", "--remove", "Model/old")
    assert (result.stdout, result.stderr) == ("", "There were no requests in this time.\n")


def test_a_replay_of_nothing_is_a_usage_error(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    assert stoa("replay").exit_code == 2
    assert stoa("replay", "--remove", "gpt").exit_code == 2
    assert api.requests == []
