"""Reads Google's answers, whole and streamed.

A stream has no marker of its end: it is whole when every candidate that spoke has said why it finished.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from stoa.dialects.answer import (
    Answer,
    Choice,
    Ended,
    Event,
    Failed,
    Finished,
    FinishReason,
    Started,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.conversation import Fields, Image, Part, Text, Thinking, ToolCall
from stoa.dialects.event_lines import EventLines
from stoa.dialects.forms import AnswerFailed, UpstreamError
from stoa.dialects.gemini.error import read_error
from stoa.dialects.gemini.wire import Candidate, Count, Logprobs, Piece, Response, Token, UsageCounts
from stoa.dialects.signatures import call_id, mark

_FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
"""Every other reason, MALFORMED_FUNCTION_CALL first of all, is a failure of the model: another try may do better."""


_DECODER = msgspec.json.Decoder(Response)


def read_answer(body: bytes, *, model: str) -> Answer:
    """Raises ValueError when it is none of Google's, AnswerFailed when the prompt was blocked or a candidate broke."""
    response = _DECODER.decode(body)
    if failure := _failure(response, body):
        raise AnswerFailed(failure)
    if not response.candidates:
        raise ValueError("an answer without candidates")
    choices: list[Choice] = []
    for candidate in response.candidates:
        content: list[Part] = []
        calls = 0
        for piece in candidate.content.parts:
            if piece.function_call is not None:
                number, calls = calls, calls + 1
                content.append(_tool_call(piece, response.response_id, candidate.index, number))
            else:
                content.extend(_parts(piece))
        finish = _finish_of(candidate, calls)
        if isinstance(finish, UpstreamError):
            raise AnswerFailed(finish)
        choices.append(Choice(content=content, finish=finish, logprobs=_logprobs(candidate.logprobs_result)))
    return Answer(
        id=response.response_id, model=response.model_version or model, choices=choices, usage=_usage(response.usage_metadata)
    )


class GeminiStream:
    """Implements `forms.StreamReader`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lines = EventLines()
        self._started = False
        self._calls: dict[int, int] = {}
        self._open: set[int] = set()
        self._usage: TokenUsage | None = None

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for _, chunk in self._lines.feed(data):
            self._chunk(chunk, events)
        return events

    def _chunk(self, chunk: bytes, events: list[Event]) -> None:
        response = _DECODER.decode(chunk)
        self._usage = _usage(response.usage_metadata) or self._usage
        if not self._started:
            self._started = True
            model = response.model_version or self._model
            events.append(Started(id=response.response_id, model=model, usage=self._usage))
        if failure := _failure(response, chunk):
            events.append(Failed(failure.message, failure.error_class, failure.code))
            return
        finished = False
        for candidate in response.candidates:
            self._open.add(candidate.index)
            self._candidate(candidate, response.response_id, events)
            if candidate.finish_reason is not None:
                finish = _finish_of(candidate, self._calls.get(candidate.index, 0))
                if isinstance(finish, UpstreamError):
                    events.append(Failed(finish.message, finish.error_class, finish.code))
                    return
                events.append(Finished(finish, choice=candidate.index))
                self._open.discard(candidate.index)
                finished = True
        if finished and not self._open:
            if self._usage is not None:
                events.append(UsageTold(self._usage))
            events.append(Ended())

    def _candidate(self, candidate: Candidate, response_id: str, events: list[Event]) -> None:
        choice = candidate.index
        logprobs = _logprobs(candidate.logprobs_result)
        for piece in candidate.content.parts:
            if piece.function_call is not None:
                number = self._calls.get(choice, 0)
                self._calls[choice] = number + 1
                call = _tool_call(piece, response_id, choice, number)
                events.append(ToolCallStarted(number, call.id, call.name, choice))
                events.append(ToolCallPiece(number, call.arguments, choice))
                continue
            for part in _parts(piece):
                if isinstance(part, Text):
                    events.append(TextPiece(part.text, choice, logprobs))
                    logprobs = None
                elif isinstance(part, Thinking):
                    events.append(ThinkingPiece(part.text, part.signature, choice=choice))
                else:
                    raise ValueError("the model streams an image, which no client's form has room for")


def _parts(piece: Piece) -> list[Part]:
    """Code that Google ran by itself, which only an operator can have asked for, is no part of the answer's text."""
    signature = None if piece.thought_signature is None else mark(piece.thought_signature)
    if piece.thought:
        return [Thinking(text=piece.text or "", signature=signature)]
    parts: list[Part] = []
    if piece.text:
        parts.append(Text(text=piece.text))
    elif piece.inline_data is not None:
        parts.append(Image(data=piece.inline_data.data, media_type=piece.inline_data.mime_type))
    if signature is not None:
        parts.append(Thinking(signature=signature))
    return parts


def _tool_call(piece: Piece, response_id: str, choice: int, number: int) -> ToolCall:
    call = piece.function_call
    assert call is not None
    if call.will_continue:
        raise ValueError("a call of a function in pieces, which this form has only where it is asked for")
    arguments = msgspec.json.format(bytes(call.args).decode(), indent=-1)  # the model's own numbers and order
    arguments = "{}" if arguments == "null" else arguments
    known = call_id(call.id, piece.thought_signature, response_id, choice, number, call.name, arguments)
    return ToolCall(id=known, name=call.name, arguments=arguments)


def _finish_of(candidate: Candidate, calls: int) -> FinishReason | UpstreamError:
    reason = candidate.finish_reason or "OTHER"
    if reason == "STOP" and calls:
        return "tool_calls"
    if (finish := _FINISH.get(reason)) is not None:
        return finish
    said = f": {candidate.finish_message}" if candidate.finish_message else "."
    return UpstreamError("server_error", f"The model broke off with {reason}{said}", reason)


def _failure(response: Response, body: bytes) -> UpstreamError | None:
    if bytes(response.error):
        return read_error(200, body)
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None and not response.candidates:
        said = f": {feedback.block_reason_message}" if feedback.block_reason_message else "."
        message = f"Google blocked the prompt with {feedback.block_reason}{said}"
        return UpstreamError("content_policy", message, feedback.block_reason)
    return None


def _usage(told: UsageCounts | None) -> TokenUsage | None:
    if told is None:
        return None
    return TokenUsage(
        input=_sum(told.prompt_token_count, told.tool_use_prompt_token_count),
        output=_sum(told.candidates_token_count, told.thoughts_token_count),
        cache_read=told.cached_content_token_count,
        reasoning=told.thoughts_token_count,
        audio_input=_of("AUDIO", told.prompt_tokens_details),
        audio_output=_of("AUDIO", told.candidates_tokens_details),
    )


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _of(modality: Literal["AUDIO"], counts: list[Count]) -> int | None:
    return next((count.token_count for count in counts if count.modality == modality), None)


def _logprobs(told: Logprobs | None) -> Fields | None:
    if told is None:
        return None
    content: list[Fields] = []
    for place, chosen in enumerate(told.chosen_candidates):
        top = told.top_candidates[place].candidates if place < len(told.top_candidates) else []
        content.append(_logprob(chosen) | {"top_logprobs": [_logprob(token) for token in top]})
    return {"content": content, "refusal": None}


def _logprob(token: Token) -> Fields:
    return {"token": token.token, "logprob": token.log_probability, "bytes": list(token.token.encode())}
