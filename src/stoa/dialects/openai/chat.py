"""OpenAI's chat completions: as clients speak them, and as upstreams do."""

import msgspec

from stoa.dialects.answer import Answer
from stoa.dialects.classify import class_of
from stoa.dialects.conversation import Conversation
from stoa.dialects.forms import UpstreamError
from stoa.dialects.openai.chat_answer import ChatError, error_of, read_answer, write_answer
from stoa.dialects.openai.chat_read import read
from stoa.dialects.openai.chat_reader import ChatReader
from stoa.dialects.openai.chat_write import write
from stoa.dialects.openai.chat_writer import ChatWriter
from stoa.domain.refusal import refusal
from stoa.domain.upstream import Facts


class _Refused(msgspec.Struct):
    """How servers of this dialect refuse: OpenAI's object, older vLLM's fields, or FastAPI's detail."""

    error: ChatError | str | None = None
    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    detail: object = None


_decode = msgspec.json.Decoder(_Refused).decode


class ChatClient:
    def read(self, body: bytes) -> Conversation:
        return read(body)

    def write_answer(self, answer: Answer, request: Conversation) -> bytes:
        return write_answer(answer, request)

    def stream_writer(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> ChatWriter:
        return ChatWriter(request, answer_id=answer_id, model=model, created_s=created_s)

    def refusal(self, status: int, code: str, message: str, param: str | None = None) -> bytes:
        return refusal(status, code, message, param)


class ChatUpstream:
    def write(self, request: Conversation, *, model: str, facts: Facts) -> bytes:
        return write(request, model=model, facts=facts)

    def read_answer(self, body: bytes, *, model: str) -> Answer:
        return read_answer(body, model=model)

    def stream_reader(self, *, model: str) -> ChatReader:
        return ChatReader(model=model)

    def read_error(self, status: int, body: bytes) -> UpstreamError:
        return read_error(status, body)


def read_error(status: int, body: bytes) -> UpstreamError:
    try:
        found = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = body[:300].decode("utf-8", "replace").strip()
        return UpstreamError(class_of(status, None, text), text or f"status {status} without a body")
    if found.error is not None:
        return error_of(found.error, status)
    if found.message is not None:
        return error_of(ChatError(found.message, found.type, found.code), status)
    detail = found.detail if isinstance(found.detail, str) else msgspec.json.encode(found.detail).decode()
    return UpstreamError(class_of(status, None, detail), detail)
