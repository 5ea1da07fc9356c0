"""`stoa source`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result

SYNC: dict[str, Any] = {
    "id": "job_1", "source": "wiki", "cause": "asked", "state": "succeeded", "message": None,
    "started_at": "2026-03-01T10:00:00.000Z", "ended_at": "2026-03-01T10:01:00.000Z", "listed": 1200, "added": 1199,
    "changed": 0, "removed": 2, "rights_moved": 1, "failed": 0, "held_back": 0, "bytes": 9, "acl_lag_ms": 850,
}  # fmt: skip
SOURCE: dict[str, Any] = {
    "name": "wiki", "description": "", "collection": "handbook", "type": "folder", "paused": False, "every": "15m",
    "watch": False, "window": None, "documents": 1199, "failed": 1, "last_sync": SYNC, "next_sync_at": None,
}  # fmt: skip
JOB: dict[str, Any] = {
    "id": "job_1", "kind": "sync", "state": "succeeded", "total": 3, "done": 3, "failed": 0, "message": None,
    "pages_per_second": None, "errors": [],
}  # fmt: skip


def test_sources_are_listed_with_how_they_are(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    paused, syncing = (
        {**SOURCE, "name": "b", "paused": True},
        {**SOURCE, "name": "c", "last_sync": {**SYNC, "state": "running"}},
    )
    api.answers["GET", "/api/sources"] = listed(SOURCE, paused, syncing, {**SOURCE, "name": "d", "last_sync": None})
    lines = stoa("source", "list").stdout.splitlines()
    states = [line.split()[5] for line in lines[1:]]
    assert states == ["succeeded", "paused", "syncing", "never"]
    assert json.loads(stoa("source", "list", "--json").stdout)[0]["name"] == "wiki"


def test_a_source_is_shown_with_what_failed(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/sources/wiki"] = {**SOURCE, "errors": [{"path": "bad.pdf", "reason": "It is broken."}]}
    result = stoa("source", "show", "wiki")
    assert "1,199 documents, 1 of them could not be read." in result.stdout
    assert "1,199 added, 2 removed, 1 with other rights" in result.stdout
    assert "failed: bad.pdf: It is broken." in result.stderr


@pytest.mark.parametrize(("reached", "code"), [(True, 0), (False, 1)])
def test_a_test_says_what_is_there_or_why_not(stoa: Callable[..., Result], api: ScriptedApi, reached: bool, code: int) -> None:
    api.answers["POST", "/api/source-tests"] = {"reached": reached, "message": "Some sentence."}
    result = stoa("source", "test", "wiki")
    assert (result.exit_code, "Some sentence." in (result.stdout if reached else result.stderr)) == (code, True)


def test_a_sync_is_followed_to_its_end_and_told(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/sources/wiki/syncs"] = {**SYNC, "state": "running"}
    api.answers["GET", "/api/jobs/job_1"] = [{**JOB, "state": "running", "done": 1}, JOB]
    api.answers["GET", "/api/sources/wiki/syncs"] = listed({**SYNC, "id": "job_2"}, SYNC)
    result = stoa("source", "sync", "wiki")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, "wiki: 1,199 added, 2 removed, 1 with other rights")
    assert api.sent("POST", "/api/sources/wiki/syncs") == [{"confirm_removals": False}]


def test_a_sync_that_waits_to_be_confirmed_says_how(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    why = "9 of its 10 documents are gone. If it is meant: stoa source sync wiki --confirm-removals"
    api.answers["POST", "/api/sources/wiki/syncs"] = {**SYNC, "state": "running"}
    api.answers["GET", "/api/jobs/job_1"] = {**JOB, "state": "failed", "message": why}
    api.answers["GET", "/api/sources/wiki/syncs"] = listed({**SYNC, "state": "unconfirmed", "message": why})
    result = stoa("source", "sync", "wiki")
    assert result.exit_code == 1
    assert f"The sync unconfirmed: {why}" in result.stderr
    stoa("source", "sync", "wiki", "--confirm-removals")
    assert api.sent("POST", "/api/sources/wiki/syncs")[-1] == {"confirm_removals": True}


def test_a_sync_under_way_is_an_error_that_says_so(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/sources/wiki/syncs"] = refused(409, "A sync of the source 'wiki' is under way already.")
    assert stoa("source", "sync", "wiki").exit_code == 1


def test_history_tells_how_long_rights_took(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/sources/wiki/syncs"] = listed(SYNC, {**SYNC, "acl_lag_ms": None, "message": "Away."})
    first, second = stoa("source", "history", "wiki").stdout.splitlines()[1:]
    assert "0.8 s" in first
    assert "Away." in second


def test_pausing_sends_the_source_back_as_it_is_shown(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    shown = {"kind": "Source", "name": "wiki", "collection": "h", "origin": {"type": "push"}, "credentials": {"k": "********"}}
    api.answers["GET", "/api/resources/Source/wiki"] = shown
    api.answers["POST", "/api/resources/apply"] = {"changes": []}
    assert stoa("source", "pause", "wiki").exit_code == 0
    assert stoa("source", "resume", "wiki").exit_code == 0
    sent = [body["resources"][0] for body in api.sent("POST", "/api/resources/apply")]
    assert sent == [{**shown, "paused": True}, {**shown, "paused": False}]


def test_a_file_is_pushed_under_its_name_with_rights(stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"document": {"path": "a.md"}, "change": "created", "job": "job_1"})

    api.answers["PUT", "/api/sources/inbox/documents"] = answer
    (tmp_path / "a.md").write_text("words")
    result = stoa("source", "push", "inbox", str(tmp_path / "a.md"), "--allow", "group:hr")
    assert (result.exit_code, result.stdout) == (0, "a.md created\n")
    assert dict(seen[0].url.params) == {"path": "a.md", "allow": "group:hr"}
    assert seen[0].content == b"words"
