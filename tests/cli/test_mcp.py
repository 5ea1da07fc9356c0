"""`stoa mcp`: messages of standard input go to `/mcp`, what comes back goes to standard output, and nothing else does."""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from tests.cli.conftest import ScriptedApi, refused
from typer.testing import Result

from stoa.cli import mcp_bridge
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


class Served:
    """A `/mcp` with sessions, of which it forgets all when it is told to, and a stream that a test feeds."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.known: set[str] = set()
        self.ended: list[str] = []
        self.listened: list[str] = []
        self.posted: list[tuple[str | None, dict[str, object]]] = []
        self.news: list[object] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        named = request.headers.get("mcp-session-id")
        if named is not None and named not in self.known:
            return refused(404, "This session is not known here.")
        if request.method == "DELETE":
            self.ended.append(str(named))
            return httpx.Response(204)
        if request.method == "GET":
            self.listened.append(str(named))
            told, self.news = self.news, []
            return events(*told)
        body = json.loads(request.content)
        self.posted.append((named, body))
        if body.get("method") == "initialize":
            self.sessions.append(f"s{len(self.sessions)}")
            self.known.add(self.sessions[-1])
            answer = result(body["id"], protocolVersion="2025-06-18")
            return httpx.Response(200, headers={"mcp-session-id": self.sessions[-1]}, json=answer)
        return httpx.Response(200, json=result(body["id"])) if "method" in body and "id" in body else httpx.Response(202)


class Paced:
    """Lines that come one by one, each when its condition holds."""

    def __init__(self, *steps: tuple[object, Callable[[], bool]]) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[bytes]:
        for sent, ready in self._steps:
            until = time.monotonic() + 10
            while not ready():
                assert time.monotonic() < until
                time.sleep(0.005)
            if callable(sent):
                sent()
            else:
                yield json.dumps(sent).encode()


def always() -> bool:
    return True


def through(served: Served, told: list[dict[str, object]], *steps: tuple[object, Callable[[], bool]]) -> None:
    with httpx.Client(base_url="http://stoa.test", transport=httpx.MockTransport(served)) as http:
        Bridge(http, lambda line: told.append(json.loads(line))).run(Paced(*steps))


def test_a_session_is_kept_listened_to_and_ended_and_the_clients_answers_are_passed_on() -> None:
    served, told = Served(), list[dict[str, object]]()
    question = message("sampling/createMessage", 5)
    served.news = [question]
    answer = {"jsonrpc": "2.0", "id": 5, "result": {"role": "assistant"}}
    through(served, told, (message("initialize", 1), always), (answer, lambda: question in told))
    assert served.posted[-1] == ("s0", answer)
    assert (set(served.listened), served.ended) == ({"s0"}, ["s0"])


def test_a_session_that_stoa_forgot_is_begun_anew_and_watches_what_it_did() -> None:
    served, told = Served(), list[dict[str, object]]()
    watched = message("resources/subscribe", 2, uri="stoa://collections/handbook")
    through(
        served, told,
        (message("initialize", 1), always),
        (watched, always),
        (served.known.clear, lambda: result(2) in told),
        (message("ping", 3), always),
        (message("ping", 4), lambda: result(3) in told),
    )  # fmt: skip
    assert served.sessions == ["s0", "s1"]
    assert [each for each in told if each.get("id") == 1] == [result(1, protocolVersion="2025-06-18")]
    assert ("s1", watched) in served.posted and ("s1", message("ping", 4)) in served.posted
    assert message("notifications/resources/updated", uri="stoa://collections/handbook") in told
    assert [each["id"] for each in told if "result" in each] == [1, 2, 3, 4]


class Breaking(Served):
    """Answers tools with half a stream; what was missed is given to whoever names the last event."""

    def __init__(self, *, kept: bool = True) -> None:
        super().__init__()
        self.kept = kept
        self.came_back: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        last = request.headers.get("last-event-id")
        if request.method == "POST" and b"tools/call" in request.content:
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=self._half())
        if last is None:
            return super().__call__(request)
        self.came_back.append(last)
        if not self.kept:
            return refused(400, "What came after is not kept here. Make the call again.")
        if len(self.came_back) == 1:
            raise httpx.ConnectError("still away")
        text = f"id: r3\ndata: {json.dumps(result(2, content=[]))}\n\n"
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())

    def _half(self) -> Iterator[bytes]:
        yield b"id: r1\ndata: \n\n"
        yield f"id: r2\ndata: {json.dumps(message('notifications/progress', progress=1))}\n\n".encode()
        raise httpx.ReadError("reset")


def broken_off(served: Served) -> list[dict[str, object]]:
    lines: list[str] = []
    with httpx.Client(base_url="http://stoa.test", transport=httpx.MockTransport(served)) as http:
        sent = (message("initialize", 1), message("tools/call", 2, name="search"))
        Bridge(http, lines.append).run(json.dumps(each).encode() for each in sent)
    return [json.loads(line) for line in lines][1:]


def test_an_answer_that_breaks_off_is_taken_up_again_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_bridge, "_AGAIN_S", 0.01)
    served = Breaking()
    assert broken_off(served) == [message("notifications/progress", progress=1), result(2, content=[])]
    assert served.came_back == ["r2", "r2"]


def test_an_answer_that_is_not_kept_any_more_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_bridge, "_AGAIN_S", 0.01)
    _, failed = broken_off(Breaking(kept=False))
    assert "Make the call again" in failed["error"]["message"]  # type: ignore[index]


def test_without_a_key_it_says_how_to_get_one(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/mcp"] = httpx.Response(200, json=result(1))
    asked = stoa("mcp", "--key", "sk-stoa-x", input=json.dumps(message("ping", 1)) + "\n")
    assert (asked.exit_code, json.loads(asked.stdout)) == (0, result(1))
    assert api.requests[0].headers["authorization"] == "Bearer sk-stoa-x"
