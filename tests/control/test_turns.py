"""Turns: what the reader sees, what is kept, and what happens when something breaks off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from stoa.adapters.database import Database
from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.feedback import FeedbackTable
from stoa.adapters.gateway_client.scripted import ScriptedChat
from stoa.control.conversations import LEASE_MS, create_conversation, delete_conversation, open_conversation
from stoa.control.turns import Cited, Closest, Delta, Ended, Failed, Started, Turn, TurnEvent, Turns, Verified
from stoa.domain.chat import (
    AnswerBegins,
    AnswerCitations,
    AnswerClosest,
    AnswerText,
    AnswerUsage,
    AnswerVerification,
    ChatMessage,
)
from stoa.domain.conversations import Conversation, Message
from stoa.domain.passages import Citation, SentenceCheck
from stoa.errors import Conflict, InvalidRequest, LimitReached, NotFound, ProviderError

CITATION = Citation(1, "doc_1", "hr", "Travel", "travel.pdf", ("Hotels",), 3, 10, 40, "Up to 180 € a night.", 0.5)
CHECK = SentenceCheck(0, 16, "unsupported", (1,), ("180",))
NOW = 1_000_000


class Desk:
    """Turns over a database, with a clock that stands still unless it is moved."""

    def __init__(self, database: Database, chat: ScriptedChat) -> None:
        self.database = database
        self.chat = chat
        self.now_ms = NOW
        self.turns = self.another()

    def another(self) -> Turns:
        """Another replica on the same database."""
        return Turns(write=self.write, chat=self.chat, now_ms=lambda: self.now_ms, save_every=timedelta(milliseconds=5))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[ConversationTables]:
        async with self.database.write() as connection:
            yield ConversationTables(connection)

    async def begin(self, *, user_id: str = "ann") -> str:
        async with self.write() as store:
            return (await create_conversation(store, user_id=user_id, model="gpt", now_ms=self.now_ms)).id

    async def kept(self, conversation_id: str) -> tuple[Conversation, Sequence[Message]]:
        async with self.write() as store:
            return await open_conversation(store, conversation_id, user_id="ann", now_ms=self.now_ms)

    async def until_kept(self, conversation_id: str, text: str) -> None:
        """Wait until this much of the last answer is in the database."""
        async with asyncio.timeout(20):
            while (await self.kept(conversation_id))[1][-1].content != text:  # noqa: ASYNC110 - another connection writes it
                await asyncio.sleep(0.001)


@pytest.fixture
async def desk(peopled: Database) -> AsyncIterator[Desk]:
    made = Desk(peopled, ScriptedChat([AnswerBegins("req_1"), AnswerText("Up to "), AnswerText("180 € [1].")]))
    yield made
    await made.turns.close()


async def events(turn: Turn) -> list[TurnEvent]:
    return [event async for event in turn]


async def test_a_turn_tells_its_story_and_keeps_it(desk: Desk) -> None:
    desk.chat.script = [*desk.chat.script, AnswerUsage(12, 5), AnswerCitations((CITATION,)), AnswerVerification((CHECK,))]
    desk.chat.script = [*desk.chat.script, AnswerUsage(cost_nano_usd=900)]
    conversation_id = await desk.begin()
    seen = await events(await desk.turns.ask(conversation_id, "What may a hotel cost?", user_id="ann"))
    started, first, second, cited, verified, ended = seen
    assert isinstance(started, Started)
    assert (started.user_message.content, started.assistant_message.state) == ("What may a hotel cost?", "streaming")
    assert [first, second, cited] == [Delta("Up to "), Delta("180 € [1]."), Cited((CITATION,))]
    assert verified == Verified((CHECK,))
    assert isinstance(ended, Ended)
    conversation, messages = await desk.kept(conversation_id)
    assert messages == [started.user_message, ended.message]
    assert ended.conversation == conversation
    assert conversation.title == "What may a hotel cost?"
    answer = messages[1]
    assert (answer.content, answer.state, answer.citations, answer.request_id) == (
        "Up to 180 € [1].", "complete", (CITATION,), "req_1",
    )  # fmt: skip
    assert answer.verification == (CHECK,)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cost_nano_usd) == (12, 5, 900)


async def test_where_to_look_is_told_and_kept(desk: Desk) -> None:
    desk.chat.script = [AnswerText("The documents do not say."), AnswerClosest((CITATION,)), AnswerVerification(())]
    conversation_id = await desk.begin()
    *_, closest, _, ended = await events(await desk.turns.ask(conversation_id, "What may a hotel cost?", user_id="ann"))
    assert closest == Closest((CITATION,))
    assert isinstance(ended, Ended)
    _, messages = await desk.kept(conversation_id)
    assert (messages[1].closest, messages[1].citations) == ((CITATION,), ())


async def test_sentences_are_not_marked_where_characters_were_taken_out(desk: Desk) -> None:
    desk.chat.script = [AnswerText("Up \0to "), AnswerText("180 €."), AnswerVerification((CHECK,))]
    conversation_id = await desk.begin()
    *_, ended = await events(await desk.turns.ask(conversation_id, "What may a hotel cost?", user_id="ann"))
    assert isinstance(ended, Ended)
    assert (ended.message.content, ended.message.verification) == ("Up to 180 €.", None)


async def test_the_model_gets_the_history_and_speaks_for_the_user(desk: Desk) -> None:
    conversation_id = await desk.begin()
    await events(await desk.turns.ask(conversation_id, "One?", user_id="ann"))
    await events(await desk.turns.ask(conversation_id, "Two?", user_id="ann", model="assistant/hr"))
    assert desk.chat.asked[1].messages == (
        ChatMessage("user", "One?"),
        ChatMessage("assistant", "Up to 180 € [1]."),
        ChatMessage("user", "Two?"),
    )
    assert [(asked.model, asked.user_id) for asked in desk.chat.asked] == [("gpt", "ann"), ("assistant/hr", "ann")]
    conversation, messages = await desk.kept(conversation_id)
    assert conversation.model == "assistant/hr"
    assert [message.model for message in messages] == [None, "gpt", None, "assistant/hr"]
    assert conversation.title == "One?"


async def test_stopping_keeps_what_was_written_and_gives_the_request_up(desk: Desk) -> None:
    desk.chat.script = [AnswerText("Up to "), asyncio.Event(), AnswerText("never")]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    await anext(turn)
    assert await anext(turn) == Delta("Up to ")
    turn.stop()
    (ended,) = await events(turn)
    assert isinstance(ended, Ended)
    assert ended.message.state == "stopped"
    assert (await desk.kept(conversation_id))[1][-1] == ended.message
    assert ended.message.content == "Up to "
    assert desk.chat.given_up == 1


async def test_stopping_before_the_first_step_ends_the_turn(desk: Desk) -> None:
    desk.chat.script = [asyncio.Event()]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    turn.stop()
    turn.stop()
    await events(turn)
    assert (await desk.kept(conversation_id))[1][-1].state == "stopped"


async def test_stopping_after_the_end_changes_nothing(desk: Desk) -> None:
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    await events(turn)
    turn.stop()
    assert await events(turn) == []
    assert (await desk.kept(conversation_id))[1][-1].state == "complete"


async def test_an_answer_is_kept_while_it_is_written(desk: Desk) -> None:
    more = asyncio.Event()
    desk.chat.script = [AnswerText("Up to "), more, AnswerText("180 €.")]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    await desk.until_kept(conversation_id, "Up to ")
    assert (await desk.kept(conversation_id))[1][-1].state == "streaming"
    more.set()
    await events(turn)
    assert (await desk.kept(conversation_id))[1][-1].content == "Up to 180 €."


async def test_an_answer_nobody_reads_is_finished_all_the_same(desk: Desk) -> None:
    conversation_id = await desk.begin()
    await (await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")).task
    assert (await desk.kept(conversation_id))[1][-1].state == "complete"


@pytest.mark.parametrize(
    "error",
    [
        LimitReached("The team 'red' has spent its budget of $10.00."),
        NotFound("There is no model 'gpt'."),
        ProviderError("The answer broke off before its end."),
    ],
)
async def test_a_refusal_reaches_the_reader_in_its_own_words(desk: Desk, error: Exception) -> None:
    desk.chat.script = [AnswerText("Up"), error]
    conversation_id = await desk.begin()
    *_, failed = await events(await desk.turns.ask(conversation_id, "Hotels?", user_id="ann"))
    assert isinstance(failed, Failed)
    assert failed.error is error
    answer = (await desk.kept(conversation_id))[1][-1]
    assert (answer.state, answer.content, answer.error) == ("failed", "Up", str(error))


async def test_a_fault_of_our_own_is_logged_and_not_shown(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.chat.script = [RuntimeError("inner details")]
    conversation_id = await desk.begin()
    *_, failed = await events(await desk.turns.ask(conversation_id, "Hotels?", user_id="ann"))
    assert isinstance(failed, Failed)
    assert "inner details" not in failed.error.message
    assert "inner details" in caplog.text


async def test_a_second_turn_is_refused_on_every_replica_until_the_first_ends(desk: Desk) -> None:
    end = asyncio.Event()
    desk.chat.script = [AnswerText("…"), end]
    conversation_id = await desk.begin()
    first = await desk.turns.ask(conversation_id, "One?", user_id="ann")
    for turns in (desk.turns, desk.another()):
        with pytest.raises(Conflict, match="still being written"):
            await turns.ask(conversation_id, "Two?", user_id="ann")
        with pytest.raises(Conflict):
            await turns.regenerate(conversation_id, "msg", user_id="ann")
    end.set()
    await events(first)
    await events(await desk.turns.ask(conversation_id, "Two?", user_id="ann"))
    assert [message.content for message in (await desk.kept(conversation_id))[1]] == ["One?", "…", "Two?", "…"]


async def test_of_turns_that_begin_together_one_wins(desk: Desk) -> None:
    conversation_id = await desk.begin()
    replicas = [desk.turns, *(desk.another() for _ in range(4))]
    begun = await asyncio.gather(*(each.ask(conversation_id, "Q", user_id="ann") for each in replicas), return_exceptions=True)
    turns = [each for each in begun if isinstance(each, Turn)]
    assert len(turns) == 1
    assert all(isinstance(each, Conflict) for each in begun if each is not turns[0])
    await events(turns[0])


async def test_edit_and_resend_replaces_the_question_and_all_behind_it(desk: Desk) -> None:
    conversation_id = await desk.begin()
    for question in ("One?", "Two?", "Three?"):
        await events(await desk.turns.ask(conversation_id, question, user_id="ann"))
    second = (await desk.kept(conversation_id))[1][2]
    await events(await desk.turns.ask(conversation_id, "Second?", user_id="ann", replaces=second.id))
    messages = (await desk.kept(conversation_id))[1]
    assert [message.content for message in messages if message.role == "user"] == ["One?", "Second?"]
    assert [message.position for message in messages] == [0, 1, 2, 3]
    assert [message.content for message in desk.chat.asked[-1].messages] == ["One?", "Up to 180 € [1].", "Second?"]


async def test_regenerate_answers_the_same_question_anew(desk: Desk) -> None:
    conversation_id = await desk.begin()
    await events(await desk.turns.ask(conversation_id, "One?", user_id="ann"))
    question, answer = (await desk.kept(conversation_id))[1]
    desk.chat.script = [AnswerText("Otherwise.")]
    await events(await desk.turns.regenerate(conversation_id, answer.id, user_id="ann", model="other"))
    kept, anew = (await desk.kept(conversation_id))[1]
    assert kept == question
    assert (anew.content, anew.model, anew.position) == ("Otherwise.", "other", answer.position)
    assert anew.id != answer.id
    assert desk.chat.asked[-1].messages == (ChatMessage("user", "One?"),)


async def test_only_a_question_is_replaced_and_only_an_answer_regenerated(desk: Desk) -> None:
    conversation_id = await desk.begin()
    await events(await desk.turns.ask(conversation_id, "One?", user_id="ann"))
    question, answer = (await desk.kept(conversation_id))[1]
    with pytest.raises(NotFound, match="no question"):
        await desk.turns.ask(conversation_id, "Two?", user_id="ann", replaces=answer.id)
    with pytest.raises(NotFound, match="no answer"):
        await desk.turns.regenerate(conversation_id, question.id, user_id="ann")
    assert len((await desk.kept(conversation_id))[1]) == 2


async def test_nobody_asks_in_somebody_else_s_conversation(desk: Desk) -> None:
    conversation_id = await desk.begin(user_id="bob")
    with pytest.raises(NotFound):
        await desk.turns.ask(conversation_id, "One?", user_id="ann")
    with pytest.raises(NotFound):
        await desk.turns.regenerate(conversation_id, "msg", user_id="ann")


@pytest.mark.parametrize("content", ["", "  \n", "\0", "x" * 200_001])
async def test_an_empty_or_oversized_question_is_refused(desk: Desk, content: str) -> None:
    conversation_id = await desk.begin()
    with pytest.raises(InvalidRequest, match="content") as caught:
        await desk.turns.ask(conversation_id, content, user_id="ann")
    assert caught.value.param == "content"
    assert (await desk.kept(conversation_id))[1] == []


async def test_deleting_the_conversation_ends_its_turn(desk: Desk) -> None:
    desk.chat.script = [AnswerText("Up"), asyncio.Event()]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    async with desk.database.write() as connection:
        await delete_conversation(ConversationTables(connection), FeedbackTable(connection), conversation_id, user_id="ann")
    *_, failed = await events(turn)
    assert isinstance(failed, Failed)
    assert "deleted" in failed.error.message
    assert desk.chat.given_up == 1


async def test_closing_ends_all_turns_and_says_why(desk: Desk) -> None:
    desk.chat.script = [AnswerText("Up"), asyncio.Event()]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    await anext(turn)
    await anext(turn)
    await desk.turns.close()
    answer = (await desk.kept(conversation_id))[1][-1]
    assert (answer.state, answer.content) == ("failed", "Up")
    assert "Stoa was stopped" in (answer.error or "")


async def test_an_answer_left_by_a_crash_is_failed_at_the_next_start(desk: Desk) -> None:
    desk.chat.script = [AnswerText("Up"), asyncio.Event()]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    await desk.until_kept(conversation_id, "Up")
    turn.task.cancel()  # as the process dies: nothing more is written
    with pytest.raises(asyncio.CancelledError):
        await turn.task
    assert (await desk.kept(conversation_id))[1][-1].state == "streaming"
    assert await desk.another().recover(alone=True) == 1
    answer = (await desk.kept(conversation_id))[1][-1]
    assert (answer.state, answer.content) == ("failed", "Up")
    assert "Stoa was stopped" in (answer.error or "")


async def test_a_replica_that_starts_spares_the_answers_of_the_living(desk: Desk) -> None:
    desk.chat.script = [AnswerText("Up"), asyncio.Event()]
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    await desk.until_kept(conversation_id, "Up")
    assert await desk.another().recover(alone=False) == 0
    turn.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn.task
    desk.now_ms += LEASE_MS + 1
    assert (await desk.kept(conversation_id))[1][-1].state == "failed"  # seen so before anybody wrote it down
    desk.chat.script = [AnswerText("Again.")]
    await events(await desk.turns.ask(conversation_id, "Two?", user_id="ann"))
    assert [message.state for message in (await desk.kept(conversation_id))[1]] == [
        "complete",
        "failed",
        "complete",
        "complete",
    ]


class BrokenDatabase(Desk):
    """Fails to open the transactions whose number is in `fails`."""

    fails: Callable[[int], bool] = staticmethod(lambda number: False)
    opened = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[ConversationTables]:
        self.opened += 1
        if self.fails(self.opened):
            raise OSError("the disk is gone")
        async with super().write() as store:
            yield store


async def test_a_database_that_is_away_for_a_moment_costs_no_answer(peopled: Database) -> None:
    more = asyncio.Event()
    desk = BrokenDatabase(peopled, ScriptedChat([AnswerText("Up to "), more, AnswerText("180 €.")]))
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    desk.fails = lambda number: number < 6
    async with asyncio.timeout(20):
        while desk.opened < 6:  # noqa: ASYNC110 - the turn's own clock does it
            await asyncio.sleep(0.001)
    more.set()
    assert isinstance((await events(turn))[-1], Ended)
    assert (await desk.kept(conversation_id))[1][-1].content == "Up to 180 €."


async def test_a_database_that_is_away_at_the_end_is_told_to_the_reader(peopled: Database) -> None:
    desk = BrokenDatabase(peopled, ScriptedChat([AnswerText("Up")]))
    conversation_id = await desk.begin()
    turn = await desk.turns.ask(conversation_id, "Hotels?", user_id="ann")
    desk.fails = lambda number: True
    failed = (await events(turn))[-1]
    assert isinstance(failed, Failed)
    assert "could not be saved" in failed.error.message
