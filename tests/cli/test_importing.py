"""`stoa import litellm`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.cli.conftest import ScriptedApi
from typer.testing import Result

CONFIGURATION = """\
model_list:
  - model_name: gpt-4o
    litellm_params: {model: openai/gpt-4o, api_key: sk-in-the-clear}
  - model_name: Claude
    litellm_params: {model: anthropic/claude-sonnet-4-6, api_key: os.environ/CLAUDE_KEY}
litellm_settings:
  callbacks: [langfuse]
general_settings:
  master_key: sk-master
"""
APPLY = ("POST", "/api/resources/apply")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration in the working folder."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIGURATION)
    return path


def changes(*kinds: str) -> dict[str, object]:
    each = {"before": None, "after": {}, "change": "created"}
    return {"changes": [{"kind": kind, "name": "x", **each} for kind in kinds]}


def test_the_report_says_what_is_lost_with_its_line_and_nothing_is_written(
    stoa: Callable[..., Result], api: ScriptedApi, config: Path
) -> None:
    result = stoa("import", "litellm", "config.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith("config.yaml becomes 2 providers, 2 models, 0 routes.\n")
    assert "\n  Claude -> claude\n" in result.stdout
    assert "\n  litellm_settings.callbacks (line 7)\n      Stoa sends nothing to others." in result.stdout
    assert "\n  general_settings.master_key (line 9)\n      It is never carried" in result.stdout
    assert "\n  IMPORTED_OPENAI_API_KEY  stands in the clear in config.yaml\n" in result.stdout
    assert "Nothing was written." in result.stderr
    assert "sk-" not in result.output
    assert api.requests == []
    assert list(config.parent.iterdir()) == [config]


def test_manifests_go_into_a_folder_that_can_be_applied_and_hold_no_secret(
    stoa: Callable[..., Result], api: ScriptedApi, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stoa("import", "litellm", "config.yaml", "--out", "made").exit_code == 0
    made = {path.name: path.read_text() for path in (tmp_path / "made").iterdir()}
    assert set(made) == {"providers.yaml", "models.yaml", "report.txt"}
    assert "sk-" not in str(made)
    assert next(yaml.safe_load_all(made["providers.yaml"])) == {
        "kind": "Provider", "name": "openai", "type": "openai", "api_key": "${env:IMPORTED_OPENAI_API_KEY}",
    }  # fmt: skip
    assert "Carried as it is" in made["report.txt"]
    monkeypatch.setenv("CLAUDE_KEY", "k1")
    monkeypatch.setenv("IMPORTED_OPENAI_API_KEY", "k2")
    api.answers[APPLY] = changes("Provider")
    assert stoa("apply", "-f", "made").exit_code == 0
    (sent,) = api.sent(*APPLY)
    assert {each["kind"] for each in sent["resources"]} == {"Provider", "Model"}


def test_importing_again_replaces_what_was_written_before(stoa: Callable[..., Result], config: Path, tmp_path: Path) -> None:
    config.write_text(CONFIGURATION + "router_settings: {num_retries: 2}\n")
    stoa("import", "litellm", "config.yaml", "--out", "made")
    assert (tmp_path / "made" / "routes.yaml").exists()
    config.write_text(CONFIGURATION)
    stoa("import", "litellm", "config.yaml", "--out", "made")
    assert not (tmp_path / "made" / "routes.yaml").exists()


def test_manifests_alone_go_to_standard_output(stoa: Callable[..., Result]) -> None:
    result = stoa("import", "litellm", "-", "--out", "-", input=CONFIGURATION)
    assert [each["kind"] for each in yaml.safe_load_all(result.stdout)] == ["Provider", "Provider", "Model", "Model"]


def test_the_report_is_json_for_programs(stoa: Callable[..., Result], config: Path) -> None:
    told = json.loads(stoa("import", "litellm", str(config), "--json").stdout)
    assert told["renamed"] == {"Claude": "claude"}
    assert {"name": "IMPORTED_OPENAI_API_KEY", "origin": "configuration"} in told["variables"]
    (master,) = [each for each in told["findings"] if each["path"] == "general_settings.master_key"]
    assert (master["outcome"], master["line"], master["file"]) == ("left", 9, str(config))
    assert "sk-" not in json.dumps(told)


def test_applying_shows_what_changes_and_asks_first(
    stoa: Callable[..., Result], api: ScriptedApi, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_KEY", "sk-claude")
    api.answers[APPLY] = changes("Provider")
    no = stoa("import", "litellm", "config.yaml", "--apply", input="n\n")
    assert no.exit_code == 1
    assert "Provider/x will be created" in no.stderr
    assert [sent["dry_run"] for sent in api.sent(*APPLY)] == [True]
    yes = stoa("import", "litellm", "config.yaml", "--apply", input="y\n")
    assert (yes.exit_code, "Provider/x created" in yes.stderr) == (0, True)
    sent = api.sent(*APPLY)[-1]
    keys = [each["api_key"] for each in sent["resources"] if each["kind"] == "Provider"]
    assert (sent["dry_run"], keys) == (False, ["sk-in-the-clear", "sk-claude"])
    assert "sk-" not in yes.output


def test_applying_with_yes_asks_nothing_and_twice_changes_nothing(
    stoa: Callable[..., Result], api: ScriptedApi, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_KEY", "sk-claude")
    unchanged = {"changes": [{"kind": "Provider", "name": "x", "change": "unchanged", "before": {}, "after": {}}]}
    api.answers[APPLY] = [changes("Provider"), changes("Provider"), unchanged]
    assert stoa("import", "litellm", "config.yaml", "--apply", "--yes").exit_code == 0
    again = stoa("import", "litellm", "config.yaml", "--apply", "--yes")
    assert "Everything is there already." in again.stderr
    assert len(api.sent(*APPLY)) == 3


def test_a_variable_that_is_missing_is_named_before_anything_is_sent(
    stoa: Callable[..., Result], api: ScriptedApi, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAUDE_KEY", raising=False)
    result = stoa("import", "litellm", "config.yaml", "--apply", "--yes")
    assert (result.exit_code, api.requests) == (1, [])
    assert "not set, and the providers need them: CLAUDE_KEY" in result.stderr


def test_a_key_file_is_read_when_it_is_applied(stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('{"client_email": "a@b"}')
    params = "{model: vertex_ai/gemini-2.5-pro, vertex_project: p, vertex_credentials: key.json}"
    (tmp_path / "config.yaml").write_text(f"model_list:\n- model_name: m\n  litellm_params: {params}\n")
    api.answers[APPLY] = changes("Provider")
    assert stoa("import", "litellm", "config.yaml", "--apply", "--yes").exit_code == 0
    assert api.sent(*APPLY)[-1]["resources"][0]["credentials"] == {"service_account": '{"client_email": "a@b"}'}


def test_included_files_lie_beside_the_configuration(stoa: Callable[..., Result], config: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "models.yaml").write_text(CONFIGURATION)
    (tmp_path / "there" / "main.yaml").write_text("include: [models.yaml]\n")
    result = stoa("import", "litellm", "there/main.yaml")
    assert "there/main.yaml becomes 2 providers, 2 models" in result.stdout
    assert "general_settings.master_key (models.yaml line 9)" in result.stdout


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("model_list: [\n", (), "config.yaml, line 2, column 1 is not valid YAML"),
        (CONFIGURATION, ("--model", "gpt-5"), "--model 'gpt-5' matches no wildcard"),
        ("include: [gone.yaml]\n", (), "gone.yaml' cannot be read: No such file"),
        ("model_list: []\n", ("--apply",), "there is nothing to apply"),
        (CONFIGURATION, ("--out", "config.yaml/x"), "cannot be written"),
    ],
)
def test_bad_input_ends_with_one_sentence_and_exit_code_1(
    stoa: Callable[..., Result], config: Path, text: str, arguments: tuple[str, ...], told: str
) -> None:
    config.write_text(text)
    result = stoa("import", "litellm", "config.yaml", *arguments)
    assert result.exit_code == 1
    assert told in result.stderr


def test_a_file_that_is_not_there_is_named(stoa: Callable[..., Result]) -> None:
    result = stoa("import", "litellm", "nowhere.yaml")
    assert (result.exit_code, "'nowhere.yaml' cannot be read: No such file" in result.stderr) == (1, True)
