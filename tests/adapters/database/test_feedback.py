"""Feedback in the database, on SQLite and on PostgreSQL."""

from sqlalchemy import func, select

from stoa.adapters.database import Database
from stoa.adapters.database.feedback import FeedbackTable
from stoa.adapters.database.tables import feedback
from stoa.domain.feedback import Feedback, FeedbackFact


def fact(at_ms: int, *, about: str = "m", conversation: str = "c", **given: str) -> FeedbackFact:
    return FeedbackFact(
        id=f"{about}{at_ms}", at_ms=at_ms, user_id="ann", conversation_id=conversation, message_id=about, **given
    )  # type: ignore[arg-type]


async def test_the_latest_counts_and_the_earlier_stay_as_facts(database: Database) -> None:
    async with database.write() as connection:
        store = FeedbackTable(connection)
        await store.insert(fact(2, rating="down", emoji="🤔", comment="Wrong page"))
        await store.insert(fact(1, rating="up"))
        await store.insert(fact(3, about="n", rating="up"))
        assert await store.latest("c") == {
            "m": Feedback(rating="down", emoji="🤔", comment="Wrong page"),
            "n": Feedback(rating="up"),
        }
        assert await connection.scalar(select(func.count()).select_from(feedback)) == 3


async def test_what_was_taken_back_is_not_there(database: Database) -> None:
    async with database.write() as connection:
        store = FeedbackTable(connection)
        await store.insert(fact(1, rating="up"))
        await store.insert(fact(2))
        assert await store.latest("c") == {}


async def test_removing_takes_all_of_one_conversation(database: Database) -> None:
    async with database.write() as connection:
        store = FeedbackTable(connection)
        await store.insert(fact(1, rating="up"))
        await store.insert(fact(2, about="other", conversation="d", rating="up"))
        await store.remove("c")
        assert await store.latest("c") == {}
        assert await store.latest("d") == {"other": Feedback(rating="up")}
