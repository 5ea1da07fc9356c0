"""Between a client of the Model Context Protocol on standard input and output, and a Stoa's `/mcp`.

Messages pass as they are, each in a request of its own; nothing of the protocol is known here but how a message is told from an
answer, which headers repeat what a message says, how events are read, and that a session has an id and a stream of its own. A
session that Stoa no longer knows, such as after a restart, is begun anew with the client's own words, unseen by the client. An
answer that breaks off is taken up again where it was, by the id of the last event that came.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx

_VERSION = "io.modelcontextprotocol/protocolVersion"
_SESSION = "mcp-session-id"
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_STREAM = "subscriptions/listen"
_FAILED = -32000
_AGAIN_S = 1.0
"""Before a stream that broke off is opened again."""
_TRIES = 5
"""Of taking up an answer again, in a row."""

Message = dict[str, Any]  # Any: JSON of the client or of the server


@dataclass(slots=True)
class _Place:
    """How far an answer has come: the last event that has an id, and whether the answer itself was there."""

    last: str | None = None
    answered: bool = False


class Bridge:
    """`write` is given one line of JSON a message, by one thread at a time. `http` has the address and the key."""

    def __init__(self, http: httpx.Client, write: Callable[[str], None]) -> None:
        self._http, self._write = http, write
        self._version: str | None = None
        self._session: str | None = None
        self._greeting: Message | None = None
        self._watched: dict[object, Message] = {}
        self._lock, self._greeted = threading.Lock(), threading.Lock()
        self._given_up: set[object] = set()
        self._open: dict[object, httpx.Response] = {}
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()

    def run(self, lines: Iterable[bytes]) -> None:
        """Pass on every line until there are no more, wait for the answers that are still to come, and end the session."""
        for line in lines:
            if not line.strip():
                continue
            try:
                message = json.loads(line)
            except ValueError as error:
                self._tell({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": f"This is no JSON: {error}."}})
                continue
            self._pass(message)
        for thread in self._threads:
            thread.join()
        self._end()

    def _pass(self, message: Message) -> None:
        method, params = message.get("method"), _object(message, "params")
        if method == "notifications/cancelled":
            given_up = params.get("requestId")
            self._given_up.add(given_up)
            if (stream := self._open.get(given_up)) is not None:
                stream.close()
        if method == "resources/subscribe":
            self._watched[params.get("uri")] = message
        if method == "resources/unsubscribe":
            self._watched.pop(params.get("uri"), None)
        if method == "initialize":  # what it settles holds for all that follow
            self._greeting = message
            self._send(message)
            return
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=self._send, args=(message,), daemon=True)
        if method != _STREAM:  # which ends when the client does
            self._threads.append(thread)
        thread.start()

    def _send(self, message: Message) -> None:
        """Post it and tell what comes back; what goes wrong is an answer too, for messages that want one."""
        session = self._session
        try:
            status = self._post(message, self._came)
            if status == 404 and session is not None and self._greeting is not None:
                self._greet_again(session)
                status = self._post(message, self._came)
            if status == 404:
                self._fail(message, f"{self._http.base_url} answered with status 404, and a new session did not help.")
        except (httpx.HTTPError, httpx.StreamError, ValueError) as error:
            self._fail(
                message, f"Stoa at {self._http.base_url} cannot be reached, or broke off: {error or type(error).__name__}"
            )

    def _post(self, message: Message, came: Callable[[Message, Message], None]) -> int:
        """The status, when all that came was told. One of 404 in a session is not told of."""
        named = message.get("id") if "method" in message else None
        place, status = _Place(), 0
        try:
            with self._http.stream("POST", "/mcp", json=message, headers=self._headers(message)) as response:
                status = response.status_code
                if named is not None:
                    self._open[named] = response
                if response.status_code == 404 and self._session is not None:
                    return 404
                if response.is_error:
                    response.read()
                    if _wants_answer(message):
                        came(message, _failed(message, _reason(response)))
                elif response.headers.get("content-type", "").startswith("text/event-stream"):
                    self._began(message, response)
                    self._told(message, response, came, place)
                else:
                    self._began(message, response)
                    if response.read().strip():
                        came(message, response.json())
        except (httpx.HTTPError, httpx.StreamError):
            if place.last is None or self._session is None:
                raise
        finally:
            if named is not None:
                self._open.pop(named, None)
        if named is not None and place.last is not None and not place.answered and self._session is not None:
            self._go_on(message, came, place)
        return status

    def _told(
        self, message: Message, response: httpx.Response, came: Callable[[Message, Message], None], place: "_Place"
    ) -> None:
        for event_id, data in _events(response.iter_lines()):
            place.last = event_id or place.last
            if data:
                each: Message = json.loads(data)
                place.answered = place.answered or ("method" not in each and each.get("id") == message.get("id"))
                came(message, each)

    def _go_on(self, message: Message, came: Callable[[Message, Message], None], place: "_Place") -> None:
        """Take an answer up again that broke off. Raises httpx.HTTPError where Stoa does not come back."""
        tries = 0
        while not place.answered and message["id"] not in self._given_up and not self._ended.wait(_AGAIN_S):
            before, tries = place.last, tries + 1
            headers = self._headers({}) | {"accept": "text/event-stream", "last-event-id": place.last or ""}
            try:
                with self._http.stream("GET", "/mcp", headers=headers) as response:
                    if response.is_client_error:
                        response.read()
                        came(message, _failed(message, _reason(response)))
                        return
                    if response.is_success:
                        self._told(message, response, came, place)
            except (httpx.HTTPError, httpx.StreamError):
                if tries >= _TRIES:
                    raise
            tries = 0 if place.last != before else tries
            if tries >= _TRIES and not place.answered:
                raise httpx.RemoteProtocolError("the answer broke off, and could not be taken up again")

    def _began(self, message: Message, response: httpx.Response) -> None:
        """What shakes hands may begin a session, which has a stream of its own."""
        if message.get("method") == "initialize" and (session := response.headers.get(_SESSION)) is not None:
            self._session = session

    def _greet_again(self, lost: str) -> None:
        """Begin a session in the place of one that is not known any more, and watch in it what was watched."""
        with self._greeted:
            if self._session != lost or self._greeting is None:  # another thread was faster
                return
            self._session = None
            self._post(self._greeting, lambda _, message: None)
            for each in ({"jsonrpc": "2.0", "method": "notifications/initialized"}, *self._watched.values()):
                self._post(each, lambda _, message: None)
            for uri in self._watched:  # it may have changed while nobody looked
                self._tell({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}})
            self._listen()

    def _listen(self) -> None:
        if self._session is not None:
            threading.Thread(target=self._hear, args=(self._session,), daemon=True).start()

    def _hear(self, session: str) -> None:
        """Tell what comes on the session's own stream, which is opened again when it breaks off."""
        last = ""
        while self._session == session and not self._ended.is_set():
            headers = self._headers({}) | {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
            try:
                with self._http.stream("GET", "/mcp", headers=headers) as response:
                    if response.status_code == 404:
                        self._greet_again(session)
                    elif response.is_client_error:
                        return
                    elif response.is_success:
                        for event_id, data in _events(response.iter_lines()):
                            last = event_id or last
                            if data:
                                self._tell(json.loads(data))
            except (httpx.HTTPError, httpx.StreamError, ValueError):
                pass  # Stoa is away, or was
            self._ended.wait(_AGAIN_S)

    def _end(self) -> None:
        self._ended.set()
        if self._session is not None:
            try:
                self._http.delete("/mcp", headers=self._headers({}))
            except httpx.HTTPError:
                return

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {"accept": "application/json, text/event-stream"}
        params = _object(message, "params")
        named: str | None = _object(params, "_meta").get(_VERSION)
        if named is not None and (method := message.get("method")):
            headers |= {"mcp-protocol-version": named, "mcp-method": method}
            if name := params.get(_NAMED.get(method, "")):
                headers["mcp-name"] = _as_header(name)
            return headers
        if self._version is not None:
            headers["mcp-protocol-version"] = self._version
        if self._session is not None and message.get("method") != "initialize":
            headers[_SESSION] = self._session
        return headers

    def _came(self, asked: Message, message: Message) -> None:
        if asked.get("method") == "initialize" and (result := message.get("result")):
            self._version = result.get("protocolVersion")
            self._listen()
        if asked.get("id") is None or asked["id"] not in self._given_up:
            self._tell(message)

    def _fail(self, asked: Message, reason: str) -> None:
        if _wants_answer(asked):
            self._came(asked, _failed(asked, reason))

    def _tell(self, message: Message) -> None:
        with self._lock:
            self._write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")


def _wants_answer(message: Message) -> bool:
    return message.get("id") is not None and "method" in message


def _failed(asked: Message, reason: str) -> Message:
    return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": _FAILED, "message": reason}}


def _object(message: Message, field: str) -> Message:
    found: Message | None = message.get(field)
    return found or {}


def _as_header(text: str) -> str:
    """As it is, or as the protocol wraps what a header cannot hold."""
    if text.isascii() and text.isprintable() and text == text.strip() and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _events(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Id and data of each event that has either."""
    event_id, data = "", list[str]()
    for line in lines:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif line.startswith("id:"):
            event_id = line.removeprefix("id:").strip()
        elif not line and (data or event_id):
            yield event_id, "\n".join(data)
            event_id, data = "", []
    if data:
        yield event_id, "\n".join(data)


def _reason(response: httpx.Response) -> str:
    try:
        told = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"{response.request.url} answered with status {response.status_code}. Does --url or STOA_URL name a Stoa?"
    return str(told)
