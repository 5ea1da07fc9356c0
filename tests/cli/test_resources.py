"""`stoa apply`, `diff`, `get`, `delete`."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.cli.conftest import ScriptedApi, listed
from typer.testing import Result

PROVIDER = """kind: Provider
name: up
base_url: http://up/v1
api_key: ${env:UP_KEY}
headers: {x-a: 'b ${env:UP_KEY}'}
credentials: {x: '${env:UP_KEY}'}
"""
ASSISTANT = "kind: Assistant\nname: helper\nprompt: Say ${env:UP_KEY}\n"


def changed(change: str, *, before: object = None, after: object = None) -> dict[str, object]:
    return {"kind": "Assistant", "name": "helper", "change": change, "before": before, "after": after}


def test_a_folder_of_files_is_applied_at_once_with_credentials_from_the_environment(
    stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "b.yaml").write_text(f"{PROVIDER}---\n{ASSISTANT}")
    (tmp_path / "all" / "notes.txt").write_text("no resource")
    monkeypatch.setenv("UP_KEY", "sk-1")
    api.answers["POST", "/api/resources/apply"] = {"changes": [changed("created")]}
    result = stoa("apply", "-f", "all")
    assert result.stdout == "Assistant/helper created\n"
    (sent,) = api.sent("POST", "/api/resources/apply")
    provider, assistant = sent["resources"]
    assert (provider["api_key"], provider["headers"], provider["credentials"]) == ("sk-1", {"x-a": "b sk-1"}, {"x": "sk-1"})
    assert assistant["prompt"] == "Say ${env:UP_KEY}"
    assert sent["dry_run"] is False


def test_a_variable_that_is_not_set_is_named_and_nothing_is_sent(
    stoa: Callable[..., Result], api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UP_KEY", raising=False)
    result = stoa("apply", "-f", "-", input=PROVIDER)
    assert result.exit_code == 1
    assert "'UP_KEY', which is not set" in result.stderr
    assert api.requests == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind: [", "not valid YAML"),
        ("name: x", "without kind and name"),
        ("", "No resource was found"),
        ("- 1", "without kind"),
    ],
)
def test_a_file_that_holds_no_resource_is_refused(stoa: Callable[..., Result], text: str, complaint: str) -> None:
    result = stoa("apply", "-f", "-", input=text)
    assert result.exit_code == 1
    assert complaint in result.stderr


def test_a_file_that_is_not_there_is_named(stoa: Callable[..., Result]) -> None:
    assert "'nowhere.yaml' cannot be read: No such file" in stoa("apply", "-f", "nowhere.yaml").stderr


def test_a_diff_shows_lines_and_exits_1_when_there_are_any(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/resources/apply"] = [
        {"changes": [changed("changed", before={"prompt": "old"}, after={"prompt": "new"})]},
        {"changes": [changed("unchanged", before={}, after={})]},
    ]
    result = stoa("diff", "-f", "-", input=ASSISTANT)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-2:] == ["-prompt: old", "+prompt: new"]
    assert stoa("diff", "-f", "-", input=ASSISTANT).exit_code == 0
    assert all(sent["dry_run"] for sent in api.sent("POST", "/api/resources/apply"))


def test_what_get_prints_can_be_applied_again(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/resources"] = listed({"kind": "Route", "name": "a"}, {"kind": "Route", "name": "b"})
    assert list(yaml.safe_load_all(stoa("get", "routes", "-o", "yaml").stdout)) == [
        {"kind": "Route", "name": "a"},
        {"kind": "Route", "name": "b"},
    ]
    assert api.requests[0].url.params["kind"] == "Route"


def test_one_resource_is_shown_as_yaml(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/resources/Route/a"] = {"kind": "Route", "name": "a"}
    assert stoa("get", "route", "a").stdout == "kind: Route\nname: a\n"


def test_a_kind_that_is_not_there_suggests_the_nearest(stoa: Callable[..., Result]) -> None:
    assert "Did you mean 'Assistant'?" in stoa("get", "assitant").stderr


def test_delete_names_kind_and_name(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["DELETE", "/api/resources/Model/gpt"] = 204
    assert stoa("delete", "model", "gpt").stderr == "Deleted Model/gpt.\n"
