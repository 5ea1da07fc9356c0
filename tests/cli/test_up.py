"""`stoa up`, before and around the processes; those are in journeys/test_up.py."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result

from stoa.adapters.processes.listening import listen
from stoa.cli.commands import stoa_command, typed
from stoa.cli.target import Target
from stoa.cli.welcome import welcome
from stoa.kit.home import Home
from stoa.settings import Settings


@pytest.fixture
def place(api: ScriptedApi, tmp_path: Path) -> Target:
    return Target(home=tmp_path / "home", url="http://stoa.test", token="t", transport=httpx.MockTransport(api))


def test_the_welcome_names_page_link_providers_and_a_first_call(
    place: Target, api: ScriptedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    link = {"url": "http://stoa.test/sign-in?token=t", "expires_at": "2030-01-02T03:04:05.000Z"}
    api.answers["POST", "/api/sign-in-links"] = link
    providers = [{"name": "stoa-engine"}, {"name": "ollama", "description": "found on port 11434"}]
    api.answers["GET", "/api/resources"] = listed(*providers)
    welcome(place, Settings(home=str(place.home)), entry="http://stoa.test", seconds=2.34, example=True)
    printed = capsys.readouterr().out
    assert "is ready at http://stoa.test (2.3 s)" in printed
    assert link["url"] in printed
    assert "the built-in ones, and ollama (found on port 11434)" in printed
    assert '-d \'{"model": "assistant/handbook"' in printed


def test_without_control_the_welcome_still_says_where_stoa_is(
    place: Target, api: ScriptedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers["POST", "/api/sign-in-links"] = refused(503, "The database is away.")
    welcome(place, Settings(home=str(place.home)), entry="http://stoa.test", seconds=1, example=False)
    out, err = capsys.readouterr()
    assert "curl http://stoa.test/v1/chat/completions" in out
    assert "No sign-in link yet: The database is away." in err


def test_a_command_to_copy_means_the_same_stoa(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    stoa = typed(Target())
    assert subprocess.run([*shlex.split(stoa), "version"], capture_output=True, check=True).stdout.strip()
    assert typed(Target(home=Path(".stoa"))) == stoa
    assert typed(Target(home=Path("my home"))) == f"{stoa} --home 'my home'"


def test_a_child_runs_on_the_same_home_and_settings_file_without_modules_of_the_working_folder(tmp_path: Path) -> None:
    command = stoa_command(Target(config=tmp_path / "stoa.yaml"), Home(tmp_path), "db", "check")
    assert command[1:] == (
        "-P", "-m", "stoa", "--home", str(tmp_path), "--config", str(tmp_path / "stoa.yaml"), "db", "check",
    )  # fmt: skip


def test_a_busy_port_stops_the_start_before_anything_is_written(stoa: Callable[..., Result], tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as holder:
        result = stoa("up", "--port", str(holder.getsockname()[1]))
    assert result.exit_code == 1
    assert "is in use" in result.stderr
    assert not (tmp_path / "home" / "stoa.sqlite").exists()


def test_a_home_that_cannot_be_made_is_named(stoa: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = stoa("up", "--home", str(tmp_path / "file" / "home"))
    assert result.exit_code == 1
    assert "cannot be made" in result.stderr


def test_an_installation_without_the_example_says_so(stoa: Callable[..., Result]) -> None:
    result = stoa("example", "--folder", "nowhere")
    assert result.exit_code == 1
    assert "part of the source tree" in result.stderr


def test_a_certificate_that_cannot_be_used_stops_the_start(
    stoa: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOA_GATEWAY__TLS_CERTIFICATE", str(tmp_path / "absent.pem"))
    result = stoa("up", "--port", "0", target=Target(home=tmp_path / "home"))
    assert result.exit_code == 1
    assert "'gateway.tls_certificate': the file" in result.stderr
    assert not (tmp_path / "home" / "run" / "roles.json").exists()
    monkeypatch.delenv("STOA_GATEWAY__TLS_CERTIFICATE")
    monkeypatch.setenv("STOA_GATEWAY__TLS_KEY", str(tmp_path / "key.pem"))
    assert "need gateway.tls_certificate" in stoa("up", target=Target(home=tmp_path / "home")).stderr
