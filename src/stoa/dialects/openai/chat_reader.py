"""The stream of OpenAI's chat completions, read from an upstream."""

from stoa.dialects.answer import (
    AnnotationPiece,
    Ended,
    Event,
    Failed,
    Finished,
    RefusalPiece,
    Started,
    TextPiece,
    ThinkingPiece,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.event_lines import EventLines
from stoa.dialects.openai.chat_answer import (
    Call,
    ChatAnswer,
    ChatChoice,
    ChatError,
    FunctionCall,
    Said,
    arguments_of,
    decode,
    error_of,
    finish_of,
    stop_sequence_of,
    text_in,
    thinking_in,
)
from stoa.dialects.openai.chat_messages import read_details
from stoa.dialects.openai.chat_usage import read_usage

_BROKEN = ("error", "insufficient_system_resource")
"""Reasons to finish that are none: OpenRouter's and DeepSeek's for an upstream that gave up."""


class ChatReader:
    """One answer."""

    def __init__(self, *, model: str) -> None:
        self._model = model
        self._lines = EventLines()
        self._started = False
        self._over = False
        self._numbers: dict[tuple[int, int], int] = {}  # (choice, index on the wire) to the number of the call
        self._ids: list[str] = []  # of the calls, by number
        self._called: set[int] = set()  # choices with calls
        self._thought: set[int] = set()  # choices whose thinking comes as plain text

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for _, content in self._lines.feed(data):
            if self._over:
                break
            if content == b"[DONE]":
                self._over = True
                events.append(Ended())
            elif content:
                self._chunk(decode(content), events)
        return events

    def _chunk(self, chunk: ChatAnswer, events: list[Event]) -> None:
        failure = chunk.failure()
        if failure is not None:
            self._fail(failure, events)
            return
        if not self._started and (chunk.id or chunk.choices):
            self._started = True
            created = None if chunk.created is None else int(chunk.created)
            events.append(Started(id=chunk.id, model=chunk.model or self._model, created_s=created))
        for choice in chunk.choices:
            self._choice(choice, events)
            if self._over:
                return
        usage = read_usage(chunk.usage)
        if usage is not None:
            events.append(UsageTold(usage))

    def _fail(self, error: ChatError | str, events: list[Event]) -> None:
        self._over = True
        read = error_of(error, 0)
        events.append(Failed(read.message, read.error_class, read.code))

    def _choice(self, choice: ChatChoice, events: list[Event]) -> None:
        said = choice.delta or choice.message
        if said is not None:
            self._said(said, choice, events)
        if choice.finish_reason in _BROKEN:
            self._fail(f"it gave up: {choice.finish_reason}", events)
        elif choice.finish_reason:
            finish = finish_of(choice.finish_reason, called=choice.index in self._called)
            events.append(Finished(finish, stop_sequence_of(choice), choice.index))

    def _said(self, said: Said, choice: ChatChoice, events: list[Event]) -> None:
        at = choice.index
        text, thought = said.content or "", said.reasoning_content or said.reasoning or ""
        if isinstance(text, list):
            thought, text = thought or thinking_in(text), text_in(text)
        if thought:
            self._thought.add(at)
            events.append(ThinkingPiece(thought, choice=at))
        if said.reasoning_details:
            for detail in read_details(said.reasoning_details):
                plain = "" if at in self._thought else detail.text
                if plain or detail.signature or detail.redacted:
                    events.append(ThinkingPiece(plain, detail.signature, detail.redacted, at))
        if text or choice.logprobs is not None:
            events.append(TextPiece(text, at, choice.logprobs))
        events.extend(AnnotationPiece(annotation, at) for annotation in said.annotations or ())
        if said.refusal:
            events.append(RefusalPiece(said.refusal, at))
        for call in said.tool_calls or ():
            self._call(call, at, events)
        if said.function_call is not None:
            self._call(Call(index=0, function=said.function_call), at, events)

    def _call(self, call: Call, choice: int, events: list[Event]) -> None:
        """A call begins with its name. Some servers give all calls one index, or none: then the id tells them apart."""
        self._called.add(choice)
        index = call.index if call.index is not None else self._index_of(call, choice)
        number = self._numbers.get((choice, index))
        function: FunctionCall = call.function
        if number is None or (call.id and function.name and call.id != self._ids[number]):
            number = len(self._ids)
            self._numbers[choice, index] = number
            self._ids.append(call.id or f"call_{number}")
            events.append(ToolCallStarted(number, self._ids[number], function.name or "", choice))
        arguments = arguments_of(function)
        if arguments:
            events.append(ToolCallPiece(number, arguments, choice))

    def _index_of(self, call: Call, choice: int) -> int:
        indices = [index for (at, index), number in self._numbers.items() if at == choice and self._ids[number] == call.id]
        if indices:
            return indices[0]
        known = [index for at, index in self._numbers if at == choice]
        return max(known, default=-1) + (1 if call.id or call.function.name or not known else 0)
