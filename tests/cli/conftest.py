"""The command line in this process, against an API that answers as a test scripts it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from stoa.cli.app import app
from stoa.cli.target import Target

Answer = Any  # a status, JSON, a whole response, or a function of the request


class ScriptedApi:
    """`answers[("GET", "/api/keys")]` is what it answers; a list is used up one by one, its last one stays."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers[request.method, request.url.path]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, json=answer)

    def sent(self, method: str, path: str) -> list[Any]:
        """The JSON of every request to a route."""
        return [json.loads(r.content) for r in self.requests if (r.method, r.url.path) == (method, path)]


def listed(*items: object) -> dict[str, object]:
    return {"data": list(items), "next_cursor": None}


def refused(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": message, "type": "x", "param": None, "code": "x"}})


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def stoa(api: ScriptedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run a verb; state and settings of this machine are out of sight."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stoa.cli.syncing._LOOK_EVERY_S", 0.01)
    target = Target(
        home=tmp_path / "home", url="http://stoa.test", token="sk-stoa-mgmt-test", transport=httpx.MockTransport(api)
    )

    def run(*arguments: str, target: Target = target, input: str | None = None) -> Result:  # noqa: A002 - typer's name
        return CliRunner().invoke(app, list(arguments), obj=target, input=input)

    yield run
