"""`stoa config`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from stoa.cli.target import Target


@pytest.fixture
def settings_file(tmp_path: Path) -> None:
    (tmp_path / "stoa.yaml").write_text("port: 9000\ndatabase:\n  url: postgresql://stoa:geheim@db/stoa\n")


@pytest.mark.usefixtures("settings_file")
def test_each_setting_is_shown_with_its_origin_and_secrets_masked(
    stoa: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOA_LOG_LEVEL", "debug")
    result = stoa("--home", "elsewhere", "config", "show", "--json", target=Target())
    shown = json.loads(result.stdout)
    assert shown["home"] == {"value": "elsewhere", "origin": "command line"}
    assert shown["port"] == {"value": 9000, "origin": "stoa.yaml"}
    assert shown["log_level"] == {"value": "debug", "origin": "STOA_LOG_LEVEL"}
    assert shown["host"] == {"value": "127.0.0.1", "origin": "default"}
    assert shown["database.url"]["value"] == "********"
    assert "geheim" not in result.output + stoa("config", "show", target=Target()).output


def test_an_unknown_setting_is_an_error_that_suggests_the_nearest(
    stoa: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOA_PROT", "1")
    result = stoa("config", "show", target=Target())
    assert result.exit_code == 1
    assert "Did you mean 'STOA_PORT'?" in result.stderr
