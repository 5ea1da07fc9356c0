"""`stoa batch`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import ScriptedApi
from typer.testing import Result

KEY = ("--key", "sk-stoa-x")


def batch(status: str = "in_progress", *, completed: int = 0, failed: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": "batch_1", "endpoint": "/v1/chat/completions", "status": status, "errors": None, "output_file_id": None,
        "error_file_id": None, "request_counts": {"total": 10, "completed": completed, "failed": failed},
        "stoa": {"cost": {"nano_usd": 20_000_000, "unknown_lines": 0, "limit_nano_usd": 50_000_000}, "ends_about": None},
    } | fields  # fmt: skip


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stoa.cli.batch._LOOK_EVERY_S", 0.0)


def test_a_file_is_uploaded_ordered_and_followed_to_its_end(
    stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path
) -> None:
    lines = tmp_path / "in.jsonl"
    lines.write_text("{}")
    api.answers["POST", "/v1/files"] = {"id": "file-1"}
    api.answers["POST", "/v1/batches"] = batch("validating")
    api.answers["GET", "/v1/batches/batch_1"] = [batch(completed=4), batch("completed", completed=10)]
    result = stoa("batch", "submit", str(lines), "--cost-limit", "0.05", "--follow", *KEY)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "batch_1\n"
    assert "10 answered, 0 failed, $0.02 of $0.05" in result.stderr
    assert api.sent("POST", "/v1/batches") == [
        {
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "cost_limit_usd": "0.05",
            "input_file_id": "file-1",
        }
    ]


def test_a_batch_that_failed_says_why_and_ends_with_1(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    fault = {"code": "cost_limit_reached", "message": "$0.05 were spent.", "param": None, "line": None}
    api.answers["GET", "/v1/batches/batch_1"] = batch("failed", completed=5, failed=5, errors={"data": [fault]})
    result = stoa("batch", "follow", "batch_1", *KEY)
    assert result.exit_code == 1
    assert "failed: $0.05 were spent." in result.stderr


def test_the_list_shows_cost_and_what_is_not_known_of_it(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    cost = {"nano_usd": 0, "unknown_lines": 3, "limit_nano_usd": None}
    api.answers["GET", "/v1/batches"] = {"data": [batch(completed=3, stoa={"cost": cost, "ends_about": 1_900_000_000})]}
    result = stoa("batch", "list", *KEY)
    assert result.exit_code == 0, result.stderr
    row = result.stdout.splitlines()[1]
    assert "3 of 10" in row
    assert "$0.00 and 3 lines of unknown cost" in row
    assert "2030-03-1" in row


def test_the_output_of_a_batch_without_one_is_said_so(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/v1/batches/batch_1"] = batch()
    result = stoa("batch", "output", "batch_1", *KEY)
    assert result.exit_code == 1
    assert "is in_progress and has no answers" in result.stderr
