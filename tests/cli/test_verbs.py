"""Every verb names an action that exists, and ends with a sentence instead of a traceback."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer
from tests.cli.conftest import ScriptedApi, refused
from typer.testing import Result

from stoa.cli.app import app
from stoa.cli.verbs import REGISTRY
from stoa.policy.actions import ACTIONS, LOCAL_ACTIONS


def commands(group: Any, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name


def test_every_verb_names_an_action_that_exists() -> None:
    assert set(commands(typer.main.get_command(app))) == set(REGISTRY)
    unknown = {verb.path: verb.action for verb in REGISTRY.values() if verb.action not in ACTIONS | LOCAL_ACTIONS}
    assert unknown == {}


def test_every_verb_and_option_is_explained() -> None:
    def unexplained(group: Any, prefix: str = "") -> Iterator[str]:
        for name, command in group.commands.items():
            if not command.help:
                yield prefix + name
            yield from (f"{prefix}{name} {p.name}" for p in command.params if not getattr(p, "help", None))
            if hasattr(command, "commands"):
                yield from unexplained(command, f"{prefix}{name} ")

    assert list(unexplained(typer.main.get_command(app))) == []


def test_the_command_line_starts_without_anything_heavy() -> None:
    code = "import sys, stoa.cli.app; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    heavy = {"httpx", "fastapi", "sqlalchemy", "rich", "asyncio", "yaml", "pydantic", "cedarpy", "numpy", "uvicorn", "logging"}
    assert loaded & heavy == set()


def test_an_error_of_the_api_is_one_sentence_and_exit_code_1(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/keys"] = refused(403, "Your role may not list keys.")
    result = stoa("key", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: Your role may not list keys.\n")


def test_a_stoa_that_is_not_there_is_said_with_what_to_do(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    def away(_request: object) -> None:
        import httpx

        raise httpx.ConnectError("refused")

    api.answers["GET", "/api/keys"] = away
    result = stoa("key", "list")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: No Stoa answers at http://stoa.test. Start one with: stoa up; or name another with --url or STOA_URL\n"
    )


def test_an_answer_that_is_not_stoas_is_said_so(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/keys"] = 502
    result = stoa("key", "list")
    assert result.exit_code == 1
    assert "status 502" in result.stderr


def test_a_verb_that_is_not_there_is_a_usage_error(stoa: Callable[..., Result]) -> None:
    assert stoa("kee").exit_code == 2
    assert stoa("key", "create").exit_code == 2
