"""`/api/assistants/try`: a question to an assistant as it is drawn up, or as it was, told as the playground tells."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter
from pydantic import Field

from stoa.api.access import Caller, Parts, allow
from stoa.api.description import RESOURCE
from stoa.api.events import EventStream, Following, kept_alive
from stoa.api.forms import Form, Whole, described
from stoa.api.playground import FACT_PATIENCE_S, TOLD, encoded
from stoa.api.requests import waited_for
from stoa.control import desired
from stoa.control.history import History
from stoa.control.playground import play
from stoa.control.reading import read_resource
from stoa.domain.resources import Assistant
from stoa.domain.stores import Stores
from stoa.errors import Conflict, InvalidRequest
from stoa.wiring import clock_ms, now_ms

router = APIRouter(prefix="/api/assistants", tags=["assistants"])

_PATH = "/v1/assistants/try"


class TriedMessage(Form):
    role: Literal["user", "assistant"]
    content: str


class EarlierAssistant(Form):
    """An assistant as one of its versions says."""

    name: str
    version: Annotated[Whole, Field(ge=1, le=2**31 - 1)]


class AssistantTrial(Form):
    """An assistant, applied or not, or one as it was `earlier`, and a conversation that ends with a question."""

    # Any: read by hand, so that each mistake is named with its field
    assistant: Annotated[Any, described(anyOf=[{"$ref": f"{RESOURCE}.Assistant"}])] = None
    earlier: EarlierAssistant | None = None
    messages: Annotated[tuple[TriedMessage, ...], Field(min_length=1)]


@router.post("/try", response_class=EventStream, responses=TOLD)
async def try_assistant(trial: AssistantTrial, caller: Annotated[Caller, allow("playground:run")], parts: Parts) -> EventStream:
    """Ask an assistant that need not be saved, or one as it was. Only those who may apply it may try it.

    It is asked, limited, guarded and billed as a request of the user's, and reads what the user may read.
    """
    applying = Caller(caller.principal, "resource:apply", caller.policy)
    async with parts.read() as stores:
        assistant = await _assistant(trial, stores, applying)
        try:
            await desired.apply(
                stores,
                [assistant],
                engine_url=parts.engine_url,
                sealer=parts.secrets,
                require=applying.require,
                by=caller.principal.id,
                now_ms=now_ms(),
                dry_run=True,
            )
        except InvalidRequest as error:
            if trial.earlier is None:
                raise
            message = f"Version {trial.earlier.version} cannot be tried as it was. {error.message}"
            raise Conflict(message, param="earlier.version") from error
    request = {"messages": [message.model_dump() for message in trial.messages], "stream": True}
    played = play(
        "chat",
        msgspec.json.encode({"assistant": assistant, "request": request}),
        path=_PATH,
        headers={},
        user_id=caller.principal.id,
        api=parts.model_api,
        fact_of=lambda fact_id: waited_for(parts, fact_id, user_id=caller.principal.id, patience_s=FACT_PATIENCE_S),
        now_ms=clock_ms,
    )
    following = Following(played)
    return EventStream(kept_alive(following, encoded), on_close=following.stop)


async def _assistant(trial: AssistantTrial, stores: Stores, applying: Caller) -> Assistant:
    """The one to be asked. Raises InvalidRequest, and as `History.resource` does."""
    if (trial.assistant is None) == (trial.earlier is None):
        raise InvalidRequest(
            "Send either 'assistant', as it is drawn up, or 'earlier', the name and version.", param="assistant"
        )
    if trial.earlier is not None:
        history = History(stores, "Assistant", trial.earlier.name, may=applying.may)
        found = await history.resource(trial.earlier.version)
    else:
        found = read_resource(trial.assistant, place="assistant")
    if not isinstance(found, Assistant):
        raise InvalidRequest("'assistant' must be a resource of the kind Assistant.", param="assistant.kind")
    return found
