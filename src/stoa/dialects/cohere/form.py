"""Cohere's v2 chat as upstreams speak it, whole and streamed."""

from stoa.dialects.answer import Answer
from stoa.dialects.cohere.answer import CohereStream, read_answer
from stoa.dialects.cohere.error import read_error
from stoa.dialects.cohere.request import write_request
from stoa.dialects.conversation import Conversation
from stoa.dialects.forms import UpstreamError
from stoa.domain.upstream import Facts


class Cohere:
    """Implements `forms.Upstream`."""

    def write(self, request: Conversation, *, model: str, facts: Facts) -> bytes:
        return write_request(request, model=model, facts=facts)

    def read_answer(self, body: bytes, *, model: str) -> Answer:
        return read_answer(body, model=model)

    def stream_reader(self, *, model: str) -> CohereStream:
        return CohereStream(model)

    def read_error(self, status: int, body: bytes) -> UpstreamError:
        return read_error(status, body)
