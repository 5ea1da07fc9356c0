"""The paths of /v1 that ask a model, and what each of them speaks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stoa.dialects.openai.operations_fields import Used, used_by
from stoa.dialects.table import CLIENTS, PASSING
from stoa.domain.operations import ClientForm, Operation
from stoa.domain.refusal import refusal
from stoa.domain.upstream import Door
from stoa.gateway.accounts import account_in, messages_usage_in, rerank_usage_in, usage_in
from stoa.gateway.ask import (
    Ask,
    ChatAsk,
    CompletionAsk,
    CountAsk,
    EmbeddingAsk,
    MessagesAsk,
    OperationAsk,
    RerankAsk,
    ResponsesAsk,
)
from stoa.gateway.bodies import reader
from stoa.gateway.events import EventStream
from stoa.gateway.passing import PassingStream
from stoa.gateway.usage import Beyond, OperationUsage, Usage
from stoa.gateway.watcher import Watcher
from stoa.gateway.watching import OperationStream, Raw

Refuse = Callable[[int, str, str, str | None], bytes]
"""Status, code, message, field: the body of an error in the surface's own form."""


def _unwatched(strip_usage: bool, keep_bytes: int) -> Watcher:
    del strip_usage, keep_bytes
    return Raw()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Surface:
    """One path. `form` is None where an operation has one form only, and nothing is ever translated."""

    path: str
    operation: Operation
    door: Door
    form: ClientForm | None = None
    read: Callable[[bytes, bytes], Ask]
    """Of a body and its content type. Raises InvalidRequest that names the field."""
    usage: Callable[[bytes], Usage | None]
    """Of a whole answer. Raises ValueError when that is not of this form."""
    refuse: Refuse
    watch: Callable[[bool, int], Watcher] = _unwatched
    """For streams that pass untouched: whether to leave out usage that nobody asked for, and how many bytes to keep."""
    cached: bool = True
    """Whether the same question may be given the same answer."""
    relays_type: bool = False
    """Whether answers are of other types than JSON, and passed on as they come."""
    form_data: bool = False
    """Whether bodies may be forms, whose type goes to the upstream with them."""
    estimates: bool = True
    """Whether the size of a request and its answer tell how many tokens they had, where nobody else does."""
    free: bool = False
    """Whether it costs nothing, and no tokens are counted."""

    @property
    def target(self) -> bytes:
        return self.path.encode()


def _openai(status: int, code: str, message: str, param: str | None) -> bytes:
    return refusal(status, code, message, param)


def _none(body: bytes) -> Usage | None:
    del body
    return None


def _passing(form: ClientForm) -> Callable[[bool, int], Watcher]:
    def watch(strip_usage: bool, keep_bytes: int) -> Watcher:
        return PassingStream(form, PASSING[form], strip_usage=strip_usage, keep_bytes=keep_bytes)

    return watch


def _chat(strip_usage: bool, keep_bytes: int) -> Watcher:
    return EventStream(strip_usage=strip_usage, keep_bytes=keep_bytes)


def _anthropic(status: int, code: str, message: str, param: str | None) -> bytes:
    return CLIENTS["messages"].refusal(status, code, message, param)


CHAT = Surface(
    path="/v1/chat/completions", operation="chat", door="chat", form="chat", read=reader(ChatAsk), usage=usage_in,
    refuse=_openai, watch=_chat,
)  # fmt: skip
EMBEDDINGS = Surface(
    path="/v1/embeddings", operation="embedding", door="embedding", read=reader(EmbeddingAsk), usage=usage_in, refuse=_openai
)  # fmt: skip
COMPLETIONS = Surface(
    path="/v1/completions", operation="chat", door="completions", form="completions", read=reader(CompletionAsk),
    usage=usage_in, refuse=_openai, watch=_passing("completions"),
)  # fmt: skip
MESSAGES = Surface(
    path="/v1/messages", operation="chat", door="messages", form="messages", read=reader(MessagesAsk),
    usage=messages_usage_in, refuse=_anthropic, watch=_passing("messages"),
)  # fmt: skip
RESPONSES = Surface(
    path="/v1/responses", operation="chat", door="responses", form="responses", read=reader(ResponsesAsk),
    usage=messages_usage_in, refuse=_openai, watch=_passing("responses"),
)  # fmt: skip

RERANK = Surface(
    path="/v1/rerank", operation="rerank", door="rerank", read=reader(RerankAsk), usage=rerank_usage_in, refuse=_openai,
    estimates=False,
)  # fmt: skip
COUNT_TOKENS = Surface(
    path="/v1/messages/count_tokens", operation="chat", door="count_tokens", read=reader(CountAsk), usage=_none,
    refuse=_anthropic, cached=False, estimates=False, free=True,
)  # fmt: skip


def _operation(path: str, operation: Operation, door: Door, *, form_data: bool = False, relays_type: bool = False) -> Surface:
    """One of those that pass untranslated to upstreams of OpenAI's form."""

    def read(body: bytes, content_type: bytes) -> Ask:
        return OperationAsk(door, content_type, body)

    def usage(body: bytes) -> Usage | None:
        return _used(used_by(body), account_in(body))

    def watch(strip_usage: bool, keep_bytes: int) -> Watcher:
        del strip_usage, keep_bytes
        return OperationStream(usage)

    return Surface(
        path=path, operation=operation, door=door, read=read, usage=usage, refuse=_openai, watch=watch, cached=False,
        relays_type=relays_type, form_data=form_data, estimates=False,
    )  # fmt: skip


def _used(told: Used, raw: bytes) -> OperationUsage | None:
    if told.tokens is None:
        return None if told.seconds is None else OperationUsage(raw=raw, beyond=Beyond(seconds=told.seconds))
    beyond = Beyond(told.tokens.audio_input or 0, told.image_tokens or 0, told.seconds)
    return OperationUsage(told.tokens.input, told.tokens.output, raw=raw, beyond=beyond)


_OPERATIONS = (
    _operation("/v1/moderations", "moderation", "moderation"),
    _operation("/v1/images/generations", "image", "image", relays_type=True),
    _operation("/v1/images/edits", "image", "image_edit", form_data=True, relays_type=True),
    _operation("/v1/images/variations", "image", "image_variation", form_data=True),
    _operation("/v1/audio/speech", "speech", "speech", relays_type=True),
    _operation("/v1/audio/transcriptions", "transcription", "transcription", form_data=True, relays_type=True),
    _operation("/v1/audio/translations", "transcription", "translation", form_data=True, relays_type=True),
)

SURFACES: Mapping[bytes, Surface] = {
    each.target: each for each in (CHAT, EMBEDDINGS, COMPLETIONS, MESSAGES, RESPONSES, RERANK, *_OPERATIONS)
} | {b"/v2/rerank": RERANK}
"""By path. Cohere's newer client asks for rerank below /v2, in the same form."""
