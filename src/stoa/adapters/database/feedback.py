"""Feedback in the database: rows are only added; the latest about a message is the present one."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import feedback
from stoa.domain.feedback import Feedback, FeedbackFact

_NOTHING = Feedback()


class FeedbackTable:
    """FeedbackStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, fact: FeedbackFact) -> None:
        row = msgspec.structs.asdict(fact)
        row["at"] = row.pop("at_ms")
        await self._connection.execute(insert(feedback).values(row))

    async def latest(self, conversation_id: str) -> Mapping[str, Feedback]:
        rows = await self._connection.execute(
            select(feedback).where(feedback.c.conversation_id == conversation_id).order_by(feedback.c.at, feedback.c.id)
        )
        present = {row.message_id: Feedback(rating=row.rating, emoji=row.emoji, comment=row.comment) for row in rows}
        return {message_id: found for message_id, found in present.items() if found != _NOTHING}

    async def remove(self, conversation_id: str) -> None:
        await self._connection.execute(delete(feedback).where(feedback.c.conversation_id == conversation_id))
