"""`stoa guard try`."""

import json
from collections.abc import Callable
from typing import Any

from tests.cli.conftest import ScriptedApi
from typer.testing import Result

FINDING = {"guard": "words", "kind": "DENIED", "start": 2, "end": 9, "score": 1.0, "action": "mask"}
TRIED: dict[str, Any] = {
    "refused": None,
    "text": "a [DENIED]",
    "findings": [FINDING],
    "verdicts": [{"guard": "words", "action": "mask", "kinds": {"DENIED": 1}, "latency_us": 12}],
}


def test_what_was_found_and_how_it_goes_on_is_shown(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/guardrails/try"] = TRIED
    result = stoa("guard", "try", "house", "a griffin", "--stage", "output")
    assert result.exit_code == 0
    assert "griffin" in result.stdout
    assert "It goes on as: a [DENIED]" in result.stderr
    assert json.loads(api.requests[-1].content) == {"name": "house", "text": "a griffin", "stage": "output"}


def test_a_refusal_is_an_exit_code(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/guardrails/try"] = TRIED | {"refused": "Guardrail 'house' refuses this.", "text": None}
    result = stoa("guard", "try", "house", "a griffin")
    assert (result.exit_code, "refuses this" in result.stderr) == (1, True)


def test_json_is_the_answer_of_the_api(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/guardrails/try"] = TRIED
    assert json.loads(stoa("guard", "try", "house", "a griffin", "--json").stdout) == TRIED
