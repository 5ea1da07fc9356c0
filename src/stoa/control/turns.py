"""A turn: the question goes to the model, and the answer is passed on and kept while it is written.

The answer is in the database from its beginning and is saved about every second, so it survives the browser that asked for
it and, up to the last second, this process. A turn runs on its own: whoever reads its events may go away at any moment.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import timedelta
from typing import assert_never

import msgspec

from stoa.control.conversations import ABANDONED, LEASE_MS
from stoa.control.questions import Opening, open_question, reopen_question
from stoa.domain.chat import (
    AnswerBegins,
    AnswerCitations,
    AnswerClosest,
    AnswerPiece,
    AnswerText,
    AnswerUsage,
    AnswerVerification,
    ChatClient,
)
from stoa.domain.conversations import Conversation, Message, TalkStore
from stoa.domain.passages import Citation, SentenceCheck
from stoa.errors import InternalError, NotFound, StoaError

logger = logging.getLogger(__name__)

Write = Callable[[], AbstractAsyncContextManager[TalkStore]]
"""Opens one transaction, committed at its end."""


class Started(msgspec.Struct, frozen=True):
    user_message: Message
    assistant_message: Message


class Delta(msgspec.Struct, frozen=True):
    """The next piece of the answer."""

    text: str


class Cited(msgspec.Struct, frozen=True):
    citations: tuple[Citation, ...]


class Closest(msgspec.Struct, frozen=True):
    """Where to look, of an answer that says that the documents do not tell."""

    passages: tuple[Citation, ...]


class Verified(msgspec.Struct, frozen=True):
    """Which sentences of the answer its passages support."""

    sentences: tuple[SentenceCheck, ...]


class Ended(msgspec.Struct, frozen=True):
    """The answer is whole, or was stopped; `message.state` says which."""

    message: Message
    conversation: Conversation


class Failed(msgspec.Struct, frozen=True):
    """What had been written before is kept in the message."""

    error: StoaError
    message: Message


TurnEvent = Started | Delta | Cited | Closest | Verified | Ended | Failed


class Turns:
    """The turns that this process has under way."""

    def __init__(
        self, *, write: Write, chat: ChatClient, now_ms: Callable[[], int], save_every: timedelta = timedelta(seconds=1)
    ) -> None:
        self._write = write
        self._chat = chat
        self._now_ms = now_ms
        self._save_every = save_every
        self._running: set[Turn] = set()

    async def ask(
        self, conversation_id: str, content: str, *, user_id: str, model: str | None = None, replaces: str | None = None
    ) -> "Turn":
        """Begin a turn with a new question; see `open_question` for what it raises."""
        async with self._write() as store:
            opening = await open_question(
                store, conversation_id, content, user_id=user_id, model=model, replaces=replaces, now_ms=self._now_ms()
            )
        return self._start(opening)

    async def regenerate(self, conversation_id: str, message_id: str, *, user_id: str, model: str | None = None) -> "Turn":
        """Begin a turn with the question of an earlier answer, which is dropped."""
        async with self._write() as store:
            opening = await reopen_question(
                store, conversation_id, message_id, user_id=user_id, model=model, now_ms=self._now_ms()
            )
        return self._start(opening)

    async def recover(self, *, alone: bool) -> int:
        """Mark the answers that a crash left unfinished as failed; return how many.

        `alone` says that no other process writes answers into this database; otherwise theirs are told by being alive.
        """
        silent_since_ms = 2**62 if alone else self._now_ms() - LEASE_MS
        async with self._write() as store:
            return await store.fail_abandoned(ABANDONED, silent_since_ms=silent_since_ms)

    async def close(self) -> None:
        """End all turns, keeping what was written."""
        for turn in self._running:
            turn.stop(InternalError(ABANDONED))
        while self._running:
            await asyncio.wait([turn.task for turn in self._running])

    def _start(self, opening: Opening) -> "Turn":
        turn = Turn(opening, write=self._write, chat=self._chat, now_ms=self._now_ms, save_every=self._save_every)
        self._running.add(turn)
        turn.task.add_done_callback(lambda _: self._running.discard(turn))
        return turn


class Turn:
    """One answer being written; iterate over it for its events. Stopping keeps what there is."""

    def __init__(
        self, opening: Opening, *, write: Write, chat: ChatClient, now_ms: Callable[[], int], save_every: timedelta
    ) -> None:
        self._opening = opening
        self._message = opening.answer
        self._text: list[str] = []
        self._cut = False  # out of the text came what others count as its characters
        self._write = write
        self._chat = chat
        self._now_ms = now_ms
        self._save_every = save_every
        self._stopped = asyncio.Event()
        self._stop_reason: StoaError | None = None
        self._events: asyncio.Queue[TurnEvent | None] = asyncio.Queue()  # holds one answer at most
        self._events.put_nowait(Started(opening.question, opening.answer))
        self.task = asyncio.create_task(self._run())

    def __aiter__(self) -> "Turn":
        return self

    async def __anext__(self) -> TurnEvent:
        """Safe to cancel: no event is lost."""
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise StopAsyncIteration
        return event

    def stop(self, reason: StoaError | None = None) -> None:
        """Give the answer up, as its reader wishes, or as failed for a reason. Does nothing once it has ended."""
        if not self._stopped.is_set():
            self._stop_reason = reason
            self._stopped.set()

    async def _run(self) -> None:
        reading = asyncio.create_task(self._read())
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            kept = True
            while kept and not (reading.done() or stopping.done()):
                timeout = self._save_every.total_seconds()
                done, _ = await asyncio.wait((reading, stopping), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                kept = bool(done) or await self._save_meanwhile()
        finally:
            stopping.cancel()
            reading.cancel()
            await asyncio.wait((reading, stopping))
        self._events.put_nowait(await self._end(reading, kept=kept))
        self._events.put_nowait(None)

    async def _read(self) -> None:
        answer = self._chat.answer(
            self._opening.history, model=self._message.model or "", user_id=self._opening.conversation.user_id
        )
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                self._take(piece)

    def _take(self, piece: AnswerPiece) -> None:
        match piece:
            case AnswerText(text=text):
                told, text = len(text), text.replace("\0", "")  # PostgreSQL keeps none
                self._cut = self._cut or len(text) < told
                self._text.append(text)
                self._events.put_nowait(Delta(text))
            case AnswerCitations(citations=citations):
                self._change(citations=citations)
                self._events.put_nowait(Cited(citations))
            case AnswerClosest(passages=passages):
                self._change(closest=passages)
                self._events.put_nowait(Closest(passages))
            case AnswerVerification(sentences=sentences):
                if not self._cut:
                    self._change(verification=sentences)
                    self._events.put_nowait(Verified(sentences))
            case AnswerUsage():
                self._change(**{name: n for name, n in msgspec.structs.asdict(piece).items() if n is not None})
            case AnswerBegins(request_id=request_id):
                self._change(request_id=request_id)
            case _:
                assert_never(piece)

    async def _end(self, reading: asyncio.Task[None], *, kept: bool) -> Ended | Failed:
        error = self._error(reading, kept=kept)
        if error is not None:
            self._change(state="failed", error=error.message)
        else:
            self._change(state="stopped" if reading.cancelled() else "complete")
        try:
            conversation = await self._save()
        except Exception:
            logger.exception("An answer could not be saved", extra={"message_id": self._message.id})
            error = error or InternalError("The answer could not be saved. What you see of it may be gone when you come back.")
            conversation = self._opening.conversation
        if error is None and conversation is not None:
            return Ended(self._message, conversation)
        return Failed(error or NotFound("The conversation was deleted."), self._message)

    def _error(self, reading: asyncio.Task[None], *, kept: bool) -> StoaError | None:
        if reading.cancelled():
            return self._stop_reason if kept else NotFound("The conversation was deleted while its answer was being written.")
        failure = reading.exception()
        if failure is None or isinstance(failure, StoaError):
            return failure
        logger.error("A turn failed", exc_info=failure, extra={"message_id": self._message.id})
        return InternalError("Stoa failed while it was writing this answer. The log of the control role says why.")

    async def _save_meanwhile(self) -> bool:
        """Whether the message still exists. A database that is away for a moment costs no answer."""
        try:
            return await self._save() is not None
        except Exception:
            logger.exception("An answer could not be saved for now", extra={"message_id": self._message.id})
            return True

    async def _save(self) -> Conversation | None:
        """Write down what there is; None when the message was deleted meanwhile."""
        self._change(content="".join(self._text))
        self._text = [self._message.content]
        async with self._write() as store:
            if not await store.write(self._message, now_ms=self._now_ms()):
                return None
            before = self._opening.conversation
            return await store.find(before.id, user_id=before.user_id)

    def _change(self, **fields: object) -> None:
        self._message = msgspec.structs.replace(self._message, **fields)
