"""`stoa history`, `restore`, `forget`."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result

DESK = "/api/resources/Assistant/desk/versions"


def version(number: int, change: str = "changed", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "version": number, "change": change, "fields": [], "restored": None, "by": "usr_1", "author": "ann",
        "at": "2026-03-01T08:00:00.000Z", "forgotten": False,
    }  # fmt: skip
    return row | more


@pytest.fixture
def versions(api: ScriptedApi) -> None:
    """An assistant that was made, changed, restored and deleted."""
    found = [
        version(4, "deleted", author=None),
        version(3, "restored", restored=1, fields=["prompt"]),
        version(2, fields=["prompt", "passages"], forgotten=True),
        version(1, "created"),
    ]
    api.answers["GET", DESK] = listed(*found)
    for each, prompt in zip(found, (None, "Be kind.", None, "Be kind.\nAlways."), strict=True):
        resource = {"kind": "Assistant", "name": "desk", "prompt": prompt} if prompt else None
        api.answers["GET", f"{DESK}/{each['version']}"] = each | {"resource": resource}


@pytest.mark.usefixtures("versions")
def test_versions_are_listed_with_author_and_what_differs(stoa: Callable[..., Result]) -> None:
    lines = stoa("history", "assistant", "desk").stdout.splitlines()
    assert lines[0].split() == ["VERSION", "WHEN", "BY", "CHANGE", "FIELDS"]
    told = [[part for part in line.split("  ") if part] for line in lines[1:]]
    assert [[number.strip(), by.strip(), *(each.strip() for each in rest)] for number, _, by, *rest in told] == [
        ["4", "usr_1", "deleted", "-"],
        ["3", "ann", "restored from 1", "prompt"],
        ["2", "ann", "changed, forgotten", "prompt, passages"],
        ["1", "ann", "created", "-"],
    ]


@pytest.mark.usefixtures("versions")
def test_one_version_is_shown_so_that_it_can_be_applied(stoa: Callable[..., Result]) -> None:
    shown = stoa("history", "assistant", "desk", "3").stdout
    assert yaml.safe_load(shown) == {"kind": "Assistant", "name": "desk", "prompt": "Be kind."}
    assert stoa("history", "assistant", "desk", "4").stderr == "It was deleted then.\n"
    assert stoa("history", "assistant", "desk", "2").stderr == "What this version said is forgotten.\n"


@pytest.mark.usefixtures("versions")
def test_a_diff_is_of_the_last_version_that_says_something_and_names_other_secrets(
    stoa: Callable[..., Result], api: ScriptedApi
) -> None:
    differences = [
        {"field": "prompt", "before": "Be kind.\nAlways.", "after": "Be kind."},
        {"field": "headers.x-a", "before": "********", "after": "********"},
    ]
    api.answers["GET", f"{DESK}/3/diff"] = {"version": 3, "against": 1, "differences": differences}
    lines = stoa("history", "assistant", "desk", "--diff").stdout.splitlines()
    assert lines[:2] == ["--- Assistant/desk (version 1)", "+++ Assistant/desk (version 3)"]
    assert "+prompt: Be kind." in lines
    assert lines[-1] == "headers.x-a: another secret"
    assert stoa("history", "assistant", "desk", "3", "--against", "1").stdout.splitlines() == lines
    asked = [request.url.params for request in api.requests if request.url.path.endswith("/diff")]
    assert [dict(params) for params in asked] == [{}, {"against": "1"}]


def test_a_version_is_restored_or_said_why_not(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", f"{DESK}/1/restore"] = [
        {"kind": "Assistant", "name": "desk", "change": "changed", "before": {}, "after": {}},
        refused(409, "Version 1 cannot be as it was. There is no 'handbook'."),
    ]
    assert stoa("restore", "assistant", "desk", "1", "--dry-run").stdout == "Assistant/desk changed (dry run)\n"
    result = stoa("restore", "assistant", "desk", "1")
    assert (result.exit_code, "There is no 'handbook'" in result.stderr) == (1, True)
    assert api.sent("POST", f"{DESK}/1/restore") == [{"dry_run": True}, {"dry_run": False}]


def test_what_a_version_said_is_forgotten(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["DELETE", f"{DESK}/1"] = 204
    assert stoa("forget", "assistant", "desk", "1").stderr == "What version 1 of Assistant/desk said is forgotten.\n"
