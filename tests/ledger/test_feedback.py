"""Who may say what about which message."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.tables import with_tables

from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.feedback import FeedbackTable
from stoa.adapters.database.tables import teams, users
from stoa.domain.conversations import Conversation, Message
from stoa.domain.feedback import Feedback
from stoa.errors import InvalidRequest, NotFound
from stoa.ledger.feedback import give_feedback

Stores = tuple[ConversationTables, FeedbackTable]


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    """Ann's conversation `c` with the question `q` and the answer `a`."""
    database = await with_tables(f"sqlite:///{tmp_path / 'stoa.sqlite'}")
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1}])
        await connection.execute(
            insert(users), [{"id": "ann", "name": "ann", "display_name": "Ann", "team": "red", "created_at": 1}]
        )
        store = ConversationTables(connection)
        await store.save(Conversation(id="c", user_id="ann", title="T", model="m", created_at_ms=1, updated_at_ms=1))
        await store.add([Message(id="q", conversation_id="c", position=0, role="user", content="?", created_at_ms=1)])
        await store.add([Message(id="a", conversation_id="c", position=1, role="assistant", content="!", created_at_ms=1)])
        yield store, FeedbackTable(connection)
    await database.close()


async def give(stores: Stores, feedback: Feedback, *, on: str = "a", user_id: str = "ann", now_ms: int = 1) -> Feedback:
    messages, store = stores
    return await give_feedback(feedback, on=on, user_id=user_id, messages=messages, store=store, now_ms=now_ms)


async def test_feedback_replaces_what_was_said_before(stores: Stores) -> None:
    await give(stores, Feedback(rating="up", comment=" Good. "), now_ms=1)
    assert await stores[1].latest("c") == {"a": Feedback(rating="up", comment="Good.")}
    await give(stores, Feedback(rating="down"), now_ms=2)
    assert await stores[1].latest("c") == {"a": Feedback(rating="down")}


@pytest.mark.parametrize(("on", "user_id"), [("a", "bob"), ("nothing", "ann")])
async def test_a_message_of_somebody_else_does_not_exist(stores: Stores, on: str, user_id: str) -> None:
    with pytest.raises(NotFound):
        await give(stores, Feedback(rating="up"), on=on, user_id=user_id)
    assert await stores[1].latest("c") == {}


async def test_questions_are_not_judged(stores: Stores) -> None:
    with pytest.raises(InvalidRequest, match="question"):
        await give(stores, Feedback(rating="up"), on="q")


@pytest.mark.parametrize(
    ("feedback", "param"),
    [(Feedback(emoji=""), "emoji"), (Feedback(emoji="x" * 17), "emoji"), (Feedback(comment="x" * 10_001), "comment")],
)
async def test_what_is_too_long_is_refused_by_name(stores: Stores, feedback: Feedback, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await give(stores, feedback)
    assert caught.value.param == param


async def test_a_comment_keeps_no_character_that_postgresql_cannot(stores: Stores) -> None:
    given = await give(stores, Feedback(emoji="👍\0", comment="fine\0"))
    assert given == Feedback(emoji="👍", comment="fine")
