"""AWS' Converse and ConverseStream as upstreams speak them.

The model's name and whether the answer is streamed stand in the path, so a body says neither. An answer has no id in its body
(a header names the request): a whole one is named after what it holds, and `Started.id` is empty.
"""

from stoa.dialects.answer import Answer
from stoa.dialects.bedrock.answer import BedrockStream, read_answer
from stoa.dialects.bedrock.error import read_error
from stoa.dialects.bedrock.request import write_request
from stoa.dialects.conversation import Conversation
from stoa.dialects.forms import UpstreamError
from stoa.domain.upstream import Facts


class Bedrock:
    """Implements `forms.Upstream`."""

    def write(self, request: Conversation, *, model: str, facts: Facts) -> bytes:
        return write_request(request, model=model, facts=facts)

    def read_answer(self, body: bytes, *, model: str) -> Answer:
        return read_answer(body, model=model)

    def stream_reader(self, *, model: str) -> BedrockStream:
        return BedrockStream(model)

    def read_error(self, status: int, body: bytes) -> UpstreamError:
        return read_error(status, body)
