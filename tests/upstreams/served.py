"""An upstream on a real socket of this machine, whose health and whose answers a test changes while it runs."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server


@dataclass
class Served:
    """OpenAI's form below /v1. `health` is the status of `GET /v1/up`, None for an answer that never comes."""

    url: str
    answer: str = "It is a practice."
    health: int | None = 200
    status: int = 200
    asked: list[Request] = field(default_factory=list[Request])

    @property
    def checks(self) -> list[Request]:
        return [request for request in self.asked if request.method == "GET"]

    @property
    def chats(self) -> int:
        return sum(request.path == "/v1/chat/completions" for request in self.asked)

    async def handle(self, request: Request) -> Response:
        self.asked.append(request)
        if request.path == "/v1/chat/completions":
            return Response(self.status, json.dumps(self._whole()).encode(), {"content-type": "application/json"})
        if request.path == "/v1/up":
            if self.health is None:
                await asyncio.Event().wait()
            return Response(self.health or 0, b'{"object":"list","data":[]}', {"content-type": "application/json"})
        return Response(404, b"")

    def _whole(self) -> dict[str, Any]:
        if self.status != 200:
            return {"error": {"message": "oops", "type": "server_error", "code": None, "param": None}}
        return {
            "id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": self.answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
        }  # fmt: skip


@contextlib.asynccontextmanager
async def served(**fields: Any) -> AsyncIterator[Served]:
    listening = socket.create_server(("127.0.0.1", 0))
    found = Served(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", **fields)
    server = Server(HandlerApplication(found.handle, 1_000_000), Limits(drain_s=0.1))
    await server.listen([listening])
    try:
        yield found
    finally:
        await server.drain()
