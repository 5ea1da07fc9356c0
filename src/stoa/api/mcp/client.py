"""Asking the client back in the middle of a call: its model to write something, or its user to choose something.

Clients that shook hands are asked on the stream of the request that is being answered, and answer in a request of their own.
Newer ones are given the question as the result, and call again with the answer; what they answered before comes back in
`request_state`. That is theirs to forge, and only they would be told a lie: every answer is looked at like an argument.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

import anyio
import mcp_types as types
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from pydantic import TypeAdapter, ValidationError

from stoa.api.mcp.catalog import Limit
from stoa.api.mcp.places import Places
from stoa.errors import InvalidRequest

PATIENCE_S = 300.0
"""For a person to look at what is asked, or a model to write."""

Question = types.CreateMessageRequest | types.ElicitRequest
_A = TypeVar("_A", types.CreateMessageResult, types.ElicitResult)

_STATE_BYTES = 100_000


class InputNeeded(Exception):
    """Not an error: the call ends here, and begins again with the answer."""

    def __init__(self, name: str, question: Question, state: str) -> None:
        super().__init__(name)
        self.result = types.InputRequiredResult(input_requests={name: question}, request_state=state)


def samples(capabilities: types.ClientCapabilities | None) -> bool:
    """Whether the client announced that its model may be asked."""
    return capabilities is not None and capabilities.sampling is not None


def elicits(capabilities: types.ClientCapabilities | None) -> bool:
    """Whether the client announced that its user can be shown a form. One that names no mode means forms."""
    known = capabilities.elicitation if capabilities is not None else None
    return known is not None and (known.form is not None or known.url is None)


class SessionClient:
    """Implements `catalog.Client` for a client that shook hands. `gone` is set when nobody reads the answer any more."""

    def __init__(
        self,
        session: ServerSession,
        request_id: types.RequestId | None,
        *,
        gone: asyncio.Event,
        limit: Limit,
        waiting: Places,
        principal: str,
        remembered: dict[str, str],
    ) -> None:
        self._session, self._request_id = session, request_id
        self._gone, self._limit, self._waiting, self._principal = gone, limit, waiting, principal
        self.remembered = remembered

    @property
    def samples(self) -> bool:
        return self._session.can_send_request and samples(self._session.client_capabilities)

    @property
    def elicits(self) -> bool:
        return self._session.can_send_request and elicits(self._session.client_capabilities)

    async def sample(self, name: str, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        _require(self.samples, "sampling")
        return await self._ask(types.CreateMessageRequest(params=params), types.CreateMessageResult)

    async def elicit(self, name: str, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        _require(self.elicits, "elicitation")
        return await self._ask(types.ElicitRequest(params=params), types.ElicitResult)

    async def _ask(self, question: Question, kind: type[_A]) -> _A:
        answer: _A | InvalidRequest | None = None
        with self._waiting.one(self._principal), self._limit.held():
            async with anyio.create_task_group() as group:
                group.start_soon(self._leave, group.cancel_scope)
                try:
                    answer = await self._session.send_request(
                        question, kind, request_read_timeout_seconds=PATIENCE_S,
                        metadata=ServerMessageMetadata(related_request_id=self._request_id),
                    )  # fmt: skip
                except MCPError as error:
                    answer = _declined(error)
                except ValidationError as error:
                    answer = _nonsense(question.method, error)
                group.cancel_scope.cancel()
        if answer is None:
            raise InvalidRequest("The client left before it answered.", code="client_gone")
        if isinstance(answer, InvalidRequest):
            raise answer
        return answer

    async def _leave(self, scope: anyio.CancelScope) -> None:
        await self._gone.wait()
        scope.cancel()


class ReturningClient:
    """Implements `catalog.Client` for a client that calls again with its answers."""

    def __init__(
        self, capabilities: types.ClientCapabilities | None, responses: types.InputResponses | None, state: str | None
    ) -> None:
        self._capabilities = capabilities
        self._asked, self._answers = _read_state(state)
        for name, given in (responses or {}).items():
            self._answers[name] = given.model_dump(by_alias=True, mode="json", exclude_none=True)
        self.remembered: dict[str, str] = {}

    @property
    def samples(self) -> bool:
        return samples(self._capabilities)

    @property
    def elicits(self) -> bool:
        return elicits(self._capabilities)

    async def sample(self, name: str, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        _require(self.samples, "sampling")
        return self._ask(name, types.CreateMessageRequest(params=params), types.CreateMessageResult)

    async def elicit(self, name: str, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        _require(self.elicits, "elicitation")
        return self._ask(name, types.ElicitRequest(params=params), types.ElicitResult)

    def _ask(self, name: str, question: Question, kind: type[_A]) -> _A:
        """The answer to this very question: where it has become another one, such as of other passages, it is asked anew."""
        digest = hashlib.sha256(question.model_dump_json(by_alias=True, exclude_none=True).encode()).hexdigest()[:32]
        if name in self._answers and self._asked.get(name) == digest:
            try:
                return kind.model_validate(self._answers[name], by_name=False)
            except ValidationError as error:
                raise _nonsense(question.method, error) from None
        kept = {each: given for each, given in self._answers.items() if each != name}
        raise InputNeeded(name, question, json.dumps({"asked": {**self._asked, name: digest}, "answers": kept}))


_Answers = dict[str, dict[str, Any]]  # Any: JSON of the client, looked at where it is used
_STATE: TypeAdapter[tuple[dict[str, str], _Answers]] = TypeAdapter(tuple[dict[str, str], _Answers])


def _read_state(state: str | None) -> tuple[dict[str, str], _Answers]:
    if state is None:
        return {}, {}
    try:
        if len(state) > _STATE_BYTES:
            raise ValueError
        told: Mapping[str, Any] = json.loads(state)  # Any: as above
        return _STATE.validate_python((told["asked"], told["answers"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidRequest("'requestState' is not what Stoa gave out; call without it.", param="requestState") from None


def _require(announced: bool, what: str) -> None:
    if not announced:
        raise InvalidRequest(
            f"This needs a client that announces {what!r}, in a session; yours does not.", code="client_cannot"
        )


def _declined(error: MCPError) -> InvalidRequest:
    if error.error.code == types.REQUEST_TIMEOUT:
        return InvalidRequest(f"The client did not answer within {PATIENCE_S:.0f} seconds.", code="client_silent")
    return InvalidRequest(f"The client did not do what it was asked for: {error.error.message[:200]}", code="client_refused")


def _nonsense(method: str, error: ValidationError) -> InvalidRequest:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return InvalidRequest(f"The client answered {method} with something else: {field or 'result'}: {first['msg']}.",
                          code="client_answer")  # fmt: skip
