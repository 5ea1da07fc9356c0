"""`stoa mcp`: messages of standard input go to `/mcp`, what comes back goes to standard output, and nothing else does."""

import json
from collections.abc import Callable

import httpx
from tests.cli.conftest import ScriptedApi, refused
from typer.testing import Result

from stoa.cli.mcp_bridge import Bridge


def message(method: str, id_: int | None = None, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": method, **({"id": id_} if id_ is not None else {}), "params": params}


def spoken(api: ScriptedApi, *messages: object) -> list[dict[str, object]]:
    lines: list[str] = []
    with httpx.Client(base_url="http://stoa.test", transport=httpx.MockTransport(api)) as http:
        Bridge(http, lines.append).run(each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages)
    return [json.loads(line) for line in lines]


def events(*messages: object) -> httpx.Response:
    text = "".join(f"event: message\r\ndata: {json.dumps(each)}\r\n\r\n" for each in messages)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())


def result(id_: int, **fields: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": id_, "result": fields}


def test_a_message_is_answered_by_what_the_server_streams(api: ScriptedApi) -> None:
    progress = message("notifications/progress", progress=1)
    api.answers["POST", "/mcp"] = events(progress, result(1, tools=[]))
    assert spoken(api, message("tools/list", 1)) == [progress, result(1, tools=[])]


def test_the_version_that_was_agreed_on_goes_with_all_that_follows(api: ScriptedApi) -> None:
    answers = iter([httpx.Response(200, json=result(1, protocolVersion="2025-06-18")), httpx.Response(202)])
    api.answers["POST", "/mcp"] = lambda _: next(answers)
    told = spoken(api, message("initialize", 1), message("notifications/initialized"))
    assert told == [result(1, protocolVersion="2025-06-18")]
    assert [each.headers.get("mcp-protocol-version") for each in api.requests] == [None, "2025-06-18"]


def test_a_message_that_names_its_version_has_headers_that_say_the_same(api: ScriptedApi) -> None:
    api.answers["POST", "/mcp"] = httpx.Response(200, json=result(1))
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
    spoken(api, message("tools/call", 1, name="search", _meta=meta))
    headers = api.requests[0].headers
    assert (headers["mcp-protocol-version"], headers["mcp-method"], headers["mcp-name"]) == (
        "2026-07-28",
        "tools/call",
        "search",
    )


def test_what_goes_wrong_is_an_answer_to_what_was_asked(api: ScriptedApi) -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    api.answers["POST", "/mcp"] = refused(401, "This key is not known here.")
    (unknown,) = spoken(api, message("ping", 7), message("notifications/initialized"))
    assert (unknown["id"], unknown["error"]["message"]) == (7, "This key is not known here.")  # type: ignore[index]
    api.answers["POST", "/mcp"] = away
    (gone,) = spoken(api, message("ping", 8))
    assert "cannot be reached" in gone["error"]["message"]  # type: ignore[index]
    (broken,) = spoken(api, b"{nonsense")
    assert broken["error"]["code"] == -32700  # type: ignore[index]


def test_nothing_is_told_of_a_request_that_was_given_up(api: ScriptedApi) -> None:
    api.answers["POST", "/mcp"] = lambda request: httpx.Response(
        202 if b"cancelled" in request.content else 200, json=None if b"cancelled" in request.content else result(3)
    )
    assert spoken(api, message("notifications/cancelled", requestId=3), message("ping", 3), message("ping", 4)) == [result(3)]


def test_without_a_key_it_says_how_to_get_one(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/mcp"] = httpx.Response(200, json=result(1))
    asked = stoa("mcp", "--key", "sk-stoa-x", input=json.dumps(message("ping", 1)) + "\n")
    assert (asked.exit_code, json.loads(asked.stdout)) == (0, result(1))
    assert api.requests[0].headers["authorization"] == "Bearer sk-stoa-x"
