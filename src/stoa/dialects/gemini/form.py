"""Google's generateContent as upstreams speak it: the Gemini API and Vertex AI, whole and streamed (`alt=sse`).

The model's name and whether the answer is streamed stand in the path, so a body says neither.
"""

from stoa.dialects.answer import Answer
from stoa.dialects.conversation import Conversation
from stoa.dialects.forms import UpstreamError
from stoa.dialects.gemini.answer import GeminiStream, read_answer
from stoa.dialects.gemini.error import read_error
from stoa.dialects.gemini.request import write_request
from stoa.domain.upstream import Facts


class Gemini:
    """Implements `forms.Upstream`."""

    def write(self, request: Conversation, *, model: str, facts: Facts) -> bytes:
        return write_request(request, model=model, facts=facts)

    def read_answer(self, body: bytes, *, model: str) -> Answer:
        return read_answer(body, model=model)

    def stream_reader(self, *, model: str) -> GeminiStream:
        return GeminiStream(model)

    def read_error(self, status: int, body: bytes) -> UpstreamError:
        return read_error(status, body)
