"""A ChatClient, a ModelApi, an Asker, an Explainer, a Trier and a Warden that answer from a script, for tests."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from stoa.domain.batches import Answered
from stoa.domain.behalf import Behalf
from stoa.domain.chat import AnswerPiece, ChatMessage
from stoa.domain.guardrails import Stage
from stoa.domain.guards import Judged, Tried
from stoa.domain.passages import Passage
from stoa.domain.playground import ApiHead, ApiRequest
from stoa.domain.resources import Route
from stoa.domain.targets import Explanation
from stoa.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the client got it."""

    messages: tuple[ChatMessage, ...]
    model: str
    user_id: str


@dataclass(slots=True)
class ScriptedChat:
    """Gives every request the same pieces; an exception in the script is raised, an event is waited for."""

    script: Sequence[AnswerPiece | Exception | asyncio.Event]
    asked: list[Asked] = field(default_factory=list[Asked])
    given_up: int = 0
    """How many requests were closed before their end."""

    async def answer(self, messages: Sequence[ChatMessage], *, model: str, user_id: str) -> AsyncGenerator[AnswerPiece]:
        self.asked.append(Asked(tuple(messages), model, user_id))
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise


@dataclass(slots=True)
class ScriptedApi:
    """Gives every call the same head and pieces; an exception in the script is raised, an event is waited for."""

    script: Sequence[ApiHead | bytes | Exception | asyncio.Event]
    asked: list[tuple[ApiRequest, str]] = field(default_factory=list[tuple[ApiRequest, str]])
    """Each request and the user it was for."""
    given_up: int = 0
    """How many were closed before their end."""

    async def call(self, request: ApiRequest, *, user_id: str) -> AsyncGenerator[ApiHead | bytes]:
        self.asked.append((request, user_id))
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line of a batch as the asker got it."""

    endpoint: str
    body: bytes
    behalf: Behalf
    request_id: str


@dataclass(slots=True)
class ScriptedAsker:
    """Answers each line as `answer` says, after a pause; an exception that it returns is raised."""

    answer: Callable[[AskedLine], Answered | Exception]
    pause_s: float = 0.0
    asked: list[AskedLine] = field(default_factory=list[AskedLine])
    at_once: int = 0
    most_at_once: int = 0

    async def ask(self, endpoint: str, body: bytes, *, behalf: Behalf, request_id: str) -> Answered:
        line = AskedLine(endpoint, body, behalf, request_id)
        self.asked.append(line)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.pause_s)
        finally:
            self.at_once -= 1
        answered = self.answer(line)
        if isinstance(answered, Exception):
            raise answered
        return answered


@dataclass(frozen=True, slots=True)
class AskedRoute:
    """One dry run as the explainer got it."""

    route: Route
    request: Mapping[str, object]
    tags: tuple[str, ...]
    behalf: Behalf


@dataclass(slots=True)
class ScriptedExplainer:
    """Gives every dry run the same answer; an exception is raised."""

    answer: Explanation | Exception
    asked: list[AskedRoute] = field(default_factory=list[AskedRoute])

    async def explain(self, route: Route, request: Mapping[str, object], *, tags: Sequence[str], behalf: Behalf) -> Explanation:
        self.asked.append(AskedRoute(route, request, tuple(tags), behalf))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(slots=True)
class ScriptedTrier:
    """Gives every trial of a guardrail the same answer; an exception is raised."""

    answer: Tried | Exception
    asked: list[tuple[str, str, Stage, Behalf]] = field(default_factory=list[tuple[str, str, Stage, Behalf]])

    async def try_out(self, name: str, text: str, *, stage: Stage, behalf: Behalf) -> Tried:
        self.asked.append((name, text, stage, behalf))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(slots=True)
class ScriptedWarden:
    """Lets everything go on but what stands in `masked`, which is put in brackets, or in `refused`; an `error` is raised.

    It judges texts of passages, not their titles.
    """

    masked: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    error: Exception | None = None
    asked: list[tuple[Stage, str, str, Behalf]] = field(default_factory=list[tuple[Stage, str, str, Behalf]])

    async def judge_request(self, question: str, passages: Sequence[Passage], *, name: str, behalf: Behalf) -> Judged:
        self.asked.append(("input", question, name, behalf))
        for place, text in (("text", question), *((f"passages[{n}]", each.text) for n, each in enumerate(passages))):
            self._refuse(text, place)
        return self._judged(question, passages)

    async def judge_answer(
        self, answer: str, passages: Sequence[Passage], *, name: str, behalf: Behalf, asked: str | None
    ) -> Judged:
        self.asked.append(("output", answer, name, behalf))
        self._refuse(answer, "text")
        return self._judged(answer, passages)

    def _refuse(self, text: str, place: str) -> None:
        if self.error is not None:
            raise self.error
        if any(each in text for each in self.refused):
            raise InvalidRequest("Guardrail 'house' refuses this.", code="guardrail_refused", param=place)

    def _judged(self, text: str, passages: Sequence[Passage]) -> Judged:
        without = [msgspec.structs.replace(each, text=self._mask(each.text)) for each in passages]
        return Judged(id=f"judged-{len(self.asked)}", text=self._mask(text), passages=without)

    def _mask(self, text: str) -> str:
        for each in self.masked:
            text = text.replace(each, "[MASKED]")
        return text
