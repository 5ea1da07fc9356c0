"""Between a client of the Model Context Protocol on standard input and output, and a Stoa's `/mcp`.

Messages pass as they are, each in a request of its own; nothing of the protocol is known here but how a message is told from an
answer, which headers repeat what a message says, and how events are read.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpx

_VERSION = "io.modelcontextprotocol/protocolVersion"
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_FAILED = -32000

Message = dict[str, Any]  # Any: JSON of the client or of the server


class Bridge:
    """`write` is given one line of JSON a message, by one thread at a time. `http` has the address and the key."""

    def __init__(self, http: httpx.Client, write: Callable[[str], None]) -> None:
        self._http, self._write = http, write
        self._version: str | None = None
        self._lock = threading.Lock()
        self._given_up: set[object] = set()
        self._threads: list[threading.Thread] = []

    def run(self, lines: Iterable[bytes]) -> None:
        """Pass on every line until there are no more, and wait for the answers that are still to come."""
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

    def _pass(self, message: Message) -> None:
        if message.get("method") == "notifications/cancelled":
            self._given_up.add(_object(message, "params").get("requestId"))
        if message.get("method") == "initialize":  # what it settles holds for all that follow
            self._send(message)
            return
        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=self._send, args=(message,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _send(self, message: Message) -> None:
        """Post it and tell what comes back; what goes wrong is an answer too, for messages that want one."""
        try:
            with self._http.stream("POST", "/mcp", json=message, headers=self._headers(message)) as response:
                if response.is_error:
                    response.read()
                    self._fail(message, _reason(response))
                elif response.headers.get("content-type", "").startswith("text/event-stream"):
                    for data in _events(response.iter_lines()):
                        self._came(message, json.loads(data))
                elif response.read().strip():
                    self._came(message, response.json())
        except (httpx.HTTPError, ValueError) as error:
            self._fail(
                message, f"Stoa at {self._http.base_url} cannot be reached, or broke off: {error or type(error).__name__}"
            )

    def _headers(self, message: Message) -> dict[str, str]:
        headers = {"accept": "application/json, text/event-stream"}
        params = _object(message, "params")
        named: str | None = _object(params, "_meta").get(_VERSION)
        if named is not None and (method := message.get("method")):
            headers |= {"mcp-protocol-version": named, "mcp-method": method}
            if name := params.get(_NAMED.get(method, "")):
                headers["mcp-name"] = _as_header(name)
        elif self._version is not None:
            headers["mcp-protocol-version"] = self._version
        return headers

    def _came(self, asked: Message, message: Message) -> None:
        if asked.get("method") == "initialize" and (result := message.get("result")):
            self._version = result.get("protocolVersion")
        if asked.get("id") is None or asked["id"] not in self._given_up:
            self._tell(message)

    def _fail(self, asked: Message, reason: str) -> None:
        if asked.get("id") is not None and "method" in asked:
            self._came(asked, {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": _FAILED, "message": reason}})

    def _tell(self, message: Message) -> None:
        with self._lock:
            self._write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")


def _object(message: Message, field: str) -> Message:
    found: Message | None = message.get(field)
    return found or {}


def _as_header(text: str) -> str:
    """As it is, or as the protocol wraps what a header cannot hold."""
    if text.isascii() and text.isprintable() and text == text.strip() and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _events(lines: Iterable[str]) -> Iterable[str]:
    """The data of each event that has any."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def _reason(response: httpx.Response) -> str:
    try:
        told = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"{response.request.url} answered with status {response.status_code}. Does --url or STOA_URL name a Stoa?"
    return str(told)
