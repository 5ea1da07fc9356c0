"""OpenAI's responses, as clients speak them. No upstream is spoken to so but by clients themselves, whose bytes pass."""

from stoa.dialects.answer import Answer
from stoa.dialects.conversation import Conversation
from stoa.dialects.openai.responses_answer import write_answer
from stoa.dialects.openai.responses_read import Earlier, read
from stoa.dialects.openai.responses_writer import ResponsesWriter
from stoa.domain.refusal import refusal


class ResponsesClient:
    """With `earlier`, clients may go on from an answer by its id; without, they are told to send all of it again."""

    def __init__(self, earlier: Earlier | None = None) -> None:
        self._earlier = earlier

    def read(self, body: bytes) -> Conversation:
        return read(body, self._earlier)

    def write_answer(self, answer: Answer, request: Conversation) -> bytes:
        return write_answer(answer, request)

    def stream_writer(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> ResponsesWriter:
        return ResponsesWriter(request, answer_id=answer_id, model=model, created_s=created_s)

    def refusal(self, status: int, code: str, message: str, param: str | None = None) -> bytes:
        return refusal(status, code, message, param)
