"""`stoa ask`."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result

from stoa.adapters.processes.homelock import hold
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.cli.target import Target
from stoa.kit.home import Home

CITATION = {
    "n": 1, "document_id": "doc_1", "collection": "handbook", "title": "Travel policy", "path": "policies/travel.pdf",
    "heading": ["Hotels"], "page": 2, "start": 0, "end": 9, "passage": "Up to\nEUR 165 a night. " + "More words. " * 40,
    "score": 0.5,
}  # fmt: skip


def streamed(*events: object) -> httpx.Response:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"]
    return httpx.Response(200, text="".join(lines), headers={"content-type": "text/event-stream"})


def piece(text: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def answer(_request: httpx.Request) -> httpx.Response:
    return streamed(piece("EUR 165 "), piece("[1]."), {"choices": [], "stoa": {"citations": [CITATION]}})


@pytest.fixture
def local(tmp_path: Path, api: ScriptedApi) -> Target:
    """The Stoa of a home that has no key to ask with yet."""
    home = Home(tmp_path / "home")
    home.prepare()
    away = RoleEntry(url="http://127.0.0.1:9")
    write_roles(home, Roles(supervisor=1, gateway=RoleEntry(url="http://stoa.test"), control=away, worker=away, engine=away))
    (home.secrets / "cli.key").write_text("sk-stoa-mgmt-local")
    return Target(home=home.path, transport=httpx.MockTransport(api))


def test_the_answer_comes_first_then_where_it_is_written(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/v1/chat/completions"] = answer
    result = stoa("ask", "How much?", "--assistant", "handbook", "--key", "sk-stoa-x")
    lines = result.stdout.splitlines()
    assert lines[0] == "EUR 165 [1]."
    assert lines[2] == "[1] Travel policy > Hotels (policies/travel.pdf, page 2)"
    assert lines[3].startswith("    Up to EUR 165 a night. More words.")
    assert lines[3].endswith(" ...")
    assert len(lines[3]) < 210
    assert api.requests[0].headers["authorization"] == "Bearer sk-stoa-x"
    assert api.sent("POST", "/v1/chat/completions")[0]["model"] == "assistant/handbook"


@pytest.mark.parametrize(
    ("option", "name"), [("--collection", "collection/docs"), ("--model", "docs"), ("--assistant", "assistant/docs")]
)
def test_json_for_scripts_holds_answer_and_citations(
    stoa: Callable[..., Result], api: ScriptedApi, option: str, name: str
) -> None:
    api.answers["POST", "/v1/chat/completions"] = answer
    told = json.loads(stoa("ask", "How much?", option, "docs", "--key", "k", "--json").stdout)
    assert told == {"model": name, "answer": "EUR 165 [1].", "citations": [CITATION], "closest": []}


def test_without_an_answer_it_says_where_to_look(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/v1/chat/completions"] = lambda _: streamed(
        piece("The documents do not say."), {"choices": [], "stoa": {"citations": [], "closest": [CITATION]}}
    )
    lines = stoa("ask", "How much?", "--assistant", "handbook", "--key", "k").stdout.splitlines()
    assert lines[:5] == [
        "The documents do not say.",
        "",
        "Closest to the question:",
        "",
        "Travel policy > Hotels (policies/travel.pdf, page 2)",
    ]
    told = json.loads(stoa("ask", "How much?", "--assistant", "handbook", "--key", "k", "--json").stdout)
    assert (told["citations"], told["closest"]) == ([], [CITATION])


def test_exactly_one_is_asked(stoa: Callable[..., Result]) -> None:
    assert stoa("ask", "How much?").exit_code == 2
    assert stoa("ask", "How much?", "--assistant", "a", "--model", "b").exit_code == 2


def test_the_home_gets_a_key_to_ask_with_once(stoa: Callable[..., Result], api: ScriptedApi, local: Target) -> None:
    api.answers["DELETE", "/api/keys/cli-ask"] = refused(404, "There is no key.")
    api.answers["POST", "/api/keys"] = {"key": "sk-stoa-ask"}
    api.answers["POST", "/v1/chat/completions"] = answer
    api.answers["GET", "/v1/models"] = [refused(401, "not known yet"), listed()]
    assert local.home
    with hold(Home(local.home)):
        first = stoa("ask", "How much?", "--model", "m", target=local)
        second = stoa("ask", "How much?", "--model", "m", target=local)
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr
    assert len(api.sent("POST", "/api/keys")) == 1
    assert api.requests[-1].headers["authorization"] == "Bearer sk-stoa-ask"
    assert (local.home / "secrets" / "ask.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_was_revoked_is_replaced(stoa: Callable[..., Result], api: ScriptedApi, local: Target) -> None:
    assert local.home
    (local.home / "secrets" / "ask.key").write_text("sk-stoa-old")
    api.answers["DELETE", "/api/keys/cli-ask"] = {}
    api.answers["POST", "/api/keys"] = {"key": "sk-stoa-new"}
    api.answers["GET", "/v1/models"] = listed()
    api.answers["POST", "/v1/chat/completions"] = [refused(401, "revoked"), answer]
    with hold(Home(local.home)):
        assert stoa("ask", "How much?", "--model", "m", target=local).exit_code == 0
    assert api.requests[-1].headers["authorization"] == "Bearer sk-stoa-new"


def test_another_stoa_is_asked_only_with_a_key_of_ones_own(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    result = stoa("ask", "How much?", "--model", "m")
    assert result.exit_code == 1
    assert "STOA_KEY" in result.stderr
    assert api.requests == []


def test_an_error_inside_the_stream_is_an_error(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/v1/chat/completions"] = streamed(piece("EUR"), {"error": {"message": "The provider went away."}})
    result = stoa("ask", "How much?", "--model", "m", "--key", "k")
    assert result.exit_code == 1
    assert "Error: The provider went away." in result.stderr


def test_the_names_there_are_come_with_the_refusal(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/v1/chat/completions"] = refused(404, "There is no model 'm'; there are 'a' and 'b'.")
    assert "there are 'a' and 'b'" in stoa("ask", "How much?", "--model", "m", "--key", "k").stderr
