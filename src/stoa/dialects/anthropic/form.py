"""Anthropic's messages: as clients speak them, and as upstreams do."""

from stoa.dialects.answer import Answer
from stoa.dialects.anthropic.answer import read_answer, write_answer
from stoa.dialects.anthropic.errors import error_body, read_error
from stoa.dialects.anthropic.read import read
from stoa.dialects.anthropic.reader import MessagesReader
from stoa.dialects.anthropic.write import write
from stoa.dialects.anthropic.writer import MessagesWriter
from stoa.dialects.conversation import Conversation
from stoa.dialects.forms import UpstreamError
from stoa.domain.upstream import Facts


class MessagesClient:
    def read(self, body: bytes) -> Conversation:
        return read(body)

    def write_answer(self, answer: Answer, request: Conversation) -> bytes:
        return write_answer(answer, request)

    def stream_writer(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> MessagesWriter:
        return MessagesWriter(request, answer_id=answer_id, model=model, created_s=created_s)

    def refusal(self, status: int, code: str, message: str, param: str | None = None) -> bytes:
        """There is no place for `code` and `param`: the message names the field."""
        return error_body(status, message)


class MessagesUpstream:
    def write(self, request: Conversation, *, model: str, facts: Facts) -> bytes:
        return write(request, model=model, facts=facts)

    def read_answer(self, body: bytes, *, model: str) -> Answer:
        return read_answer(body, model=model)

    def stream_reader(self, *, model: str) -> MessagesReader:
        return MessagesReader(model=model)

    def read_error(self, status: int, body: bytes) -> UpstreamError:
        return read_error(status, body)
