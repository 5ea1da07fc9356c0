"""The engine's routes: two models behind OpenAI's form, health, and readiness."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from stoa.adapters.engines.builtin import BuiltIn
from stoa.api.engine.chat import READER, chat
from stoa.api.engine.embeddings import EMBEDDER, embeddings
from stoa.api.engine.lanes import Lanes
from stoa.api.wire.messages import Request, Response
from stoa.domain.refusal import refusal, refusal_of
from stoa.errors import NotFound, StoaError

JSON = {"content-type": "application/json"}
_MODELS_MADE = 1_630_000_000  # when the weights were published, August 2021


class Routes:
    """Answers requests; until the models are there, with 503 and the reason."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._models: BuiltIn | None = None
        self._reason = "The models are still loading."
        self._table: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", "/healthz"): self._healthz,
            ("GET", "/readyz"): self._readyz,
            ("GET", "/v1/models"): self._list_models,
            ("POST", "/v1/chat/completions"): partial(self._infer, chat),
            ("POST", "/v1/embeddings"): partial(self._infer, embeddings),
        }

    def ready(self, models: BuiltIn) -> None:
        self._models = models

    def failed(self, reason: str) -> None:
        self._reason = reason

    async def handle(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except StoaError as error:
            return Response(error.status, refusal_of(error), JSON)

    async def _route(self, request: Request) -> Response:
        route = self._table.get((request.method, request.path))
        if route is not None:
            return await route(request)
        allowed = [method for method, path in self._table if path == request.path]
        if allowed:
            body = refusal(405, "method_not_allowed", f"{request.path!r} takes {allowed[0]}, not {request.method}.")
            return Response(405, body, JSON | {"allow": allowed[0]})
        paths = ", ".join(path for _, path in self._table)
        raise NotFound(f"The engine has no {request.path!r}. It has: {paths}.")

    async def _healthz(self, _request: Request) -> Response:
        return Response(200, b'{"status":"alive"}', JSON)

    async def _readyz(self, _request: Request) -> Response:
        reasons = [] if self._models else [self._reason]
        return Response(503 if reasons else 200, msgspec.json.encode({"ready": not reasons, "reasons": reasons}), JSON)

    async def _list_models(self, _request: Request) -> Response:
        data = [{"id": name, "object": "model", "created": _MODELS_MADE, "owned_by": "stoa"} for name in (EMBEDDER, READER)]
        return Response(200, msgspec.json.encode({"object": "list", "data": data}), JSON)

    async def _infer(self, model: Callable[[Request, BuiltIn, Lanes], Awaitable[Response]], request: Request) -> Response:
        if self._models is None:
            return Response(503, refusal(503, "not_ready", self._reason), JSON | {"retry-after": "1"})
        return await model(request, self._models, self._lanes)
