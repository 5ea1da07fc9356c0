"""`stoa dataset`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result

TALKS: dict[str, Any] = {
    "name": "talks", "team": "company", "description": "", "version": 3, "items": 2, "created_by": "u",
    "created_at": "2031-01-01T10:00:00Z", "changed_at": "2031-01-01T10:00:00Z", "may": [],
}  # fmt: skip
ITEM: dict[str, Any] = {
    "id": "ex_1", "state": "readable", "messages": [{"role": "user", "content": "What\nis it?"}],
    "answer": {"role": "assistant", "content": "This."}, "expected": None, "origin": {"source": "request", "request": "req_1"},
}  # fmt: skip
ERASED = ITEM | {"id": "ex_2", "state": "erased", "messages": None, "answer": None}
ITEMS = "/api/datasets/talks/items"
REMOVALS = "/api/datasets/talks/removals"


def left(request: str, reason: str) -> dict[str, str]:
    return {"request": request, "reason": reason, "message": "So it is."}


def test_datasets_are_made_listed_and_deleted(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/datasets"] = listed(TALKS)
    api.answers["POST", "/api/datasets"] = TALKS
    api.answers["DELETE", "/api/datasets/talks"] = 204
    assert "talks" in stoa("dataset", "list").stdout
    assert stoa("dataset", "create", "talks", "--team", "company").exit_code == 0
    assert api.sent("POST", "/api/datasets") == [{"name": "talks", "team": "company", "description": ""}]
    assert stoa("dataset", "delete", "talks").exit_code == 0


def test_examples_are_shown_and_those_that_nobody_reads_say_so(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", ITEMS] = listed(ITEM, ERASED)
    result = stoa("dataset", "show", "talks", "--version", "2", "--text", "it")
    assert "What is it?" in result.stdout
    assert "erased" in result.stdout
    assert api.requests[0].url.params["version"] == "2"
    assert json.loads(stoa("dataset", "show", "talks", "--json", "--limit", "1").stdout) == [ITEM]


def test_requests_that_fit_a_filter_go_in_by_the_hundreds(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/datasets/talks"] = TALKS
    api.answers["GET", "/api/traces"] = listed(*({"id": f"r{n}"} for n in range(600)))
    told: dict[str, Any] = {"ids": ["ex_1"], "left": [left("r1", "not_kept"), left("r2", "not_kept")]}
    api.answers["POST", ITEMS] = told
    result = stoa("dataset", "add", "talks", "--model", "best", "--since", "7d")
    assert result.stderr == "2 added; 4 left out (4 not kept).\n"
    assert [len(each["requests"]) for each in api.sent("POST", ITEMS)] == [500, 100]
    asked = api.requests[1].url.params
    assert (asked["team"], asked["model"], asked["status"]) == ("company", "best", "ok")


def test_named_requests_that_stay_out_are_told_one_by_one(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", ITEMS] = {"ids": [], "left": [left("r1", "erased")]}
    result = stoa("dataset", "add", "talks", "--ids", "r1")
    assert (result.exit_code, "r1: So it is." in result.stderr) == (1, True)


def test_a_file_goes_in_and_its_wrong_lines_are_told(stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("{}\n")
    fault = {"line": 3, "message": "This is no JSON.", "param": None}
    answers: list[Any] = [{"added": 2, "faults": [], "dataset": TALKS}, {"added": 1, "faults": [fault], "dataset": TALKS}]
    api.answers["POST", "/api/datasets/talks/import"] = answers
    assert stoa("dataset", "import", "talks", str(file)).stderr == "2 added; 'talks' is at version 3.\n"
    result = stoa("dataset", "import", "talks", str(file), "--partly")
    assert (result.exit_code, "line 3: This is no JSON." in result.stderr) == (1, True)
    assert [each.url.params["partly"] for each in api.requests] == ["False", "True"]
    assert b"{}" in api.requests[0].content
    api.answers["POST", "/api/datasets/talks/import"] = refused(400, "1 of 1 lines are wrong")
    assert "1 of 1 lines are wrong" in stoa("dataset", "import", "talks", str(file)).stderr


def test_an_expected_answer_is_said_and_taken_back(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["PATCH", f"{ITEMS}/ex_1"] = ITEM | {"since": 4}
    assert stoa("dataset", "expect", "talks", "ex_1", "Better.", "--notes", "short").exit_code == 0
    assert stoa("dataset", "expect", "talks", "ex_1", "-", input="From a pipe").exit_code == 0
    assert stoa("dataset", "expect", "talks", "ex_1", "--none").exit_code == 0
    assert api.sent("PATCH", f"{ITEMS}/ex_1") == [
        {"notes": "short", "expected": "Better."}, {"expected": "From a pipe"}, {"expected": None},
    ]  # fmt: skip
    for wrong in ((), ("x", "--none")):
        assert stoa("dataset", "expect", "talks", "ex_1", *wrong).exit_code == 2


def test_examples_are_removed_for_good_only_when_that_is_said(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", REMOVALS] = {"removed": 1, "dataset": TALKS}
    assert "1 removed; 2 are left" in stoa("dataset", "remove", "talks", "ex_1").stderr
    stoa("dataset", "remove", "talks", "ex_1", "ex_2", "--erase")
    assert api.sent("POST", REMOVALS) == [
        {"ids": ["ex_1"], "erase": False}, {"ids": ["ex_1", "ex_2"], "erase": True},
    ]  # fmt: skip


def test_a_dataset_is_exported_as_it_comes(stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path) -> None:
    api.answers["GET", "/api/datasets/talks/export"] = httpx.Response(200, content=b'{"messages": []}\n')
    result = stoa("dataset", "export", "talks", "--form", "preference", "--version", "2")
    assert (result.stdout, result.stderr) == ('{"messages": []}\n', "1 written.\n")
    assert dict(api.requests[0].url.params) == {"form": "preference", "answer": "best", "version": "2"}
    assert stoa("dataset", "export", "talks", "--out", str(tmp_path / "out.jsonl")).exit_code == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b'{"messages": []}\n'


def test_versions_tell_who_changed_what(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    made = {"version": 3, "change": "removed", "changed": 1, "items": 2, "by": "user_ann", "at": "2031-01-01T10:00:00Z"}
    api.answers["GET", "/api/datasets/talks/versions"] = listed(made)
    assert "user_ann" in stoa("dataset", "versions", "talks").stdout
    assert json.loads(stoa("dataset", "versions", "talks", "--json").stdout) == [made]
