"""`stoa datastore query`."""

import json
from collections.abc import Callable

from tests.cli.conftest import ScriptedApi
from typer.testing import Result

PATH = "/api/datastores/erp/queries/orders"
ROWS = {"columns": ["id", "note"], "rows": [[7, None], [9, "late"]], "more": True}


def test_rows_are_a_table_and_values_are_of_their_type(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", PATH] = ROWS
    result = stoa(
        "datastore", "query", "erp", "orders", "-p", "days=3", "-p", 'code="3"', "-p", "day=2026-03-01", "-p", "x=a=b"
    )
    assert result.exit_code == 0, result.stderr
    assert "late" in result.stdout and "more rows" in result.stderr
    sent = {"arguments": {"days": 3, "code": "3", "day": "2026-03-01", "x": "a=b"}}
    assert json.loads(api.requests[-1].content) == sent


def test_json_is_the_answer_of_the_api(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", PATH] = ROWS
    assert json.loads(stoa("datastore", "query", "erp", "orders", "--team", "sales", "--json").stdout) == ROWS
    assert json.loads(api.requests[-1].content) == {"arguments": {}, "team": "sales"}


def test_a_parameter_without_a_value_is_refused(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    result = stoa("datastore", "query", "erp", "orders", "-p", "days")
    assert result.exit_code != 0 and "NAME=VALUE" in result.stderr
