"""Conversations and messages in the database."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import conversations, messages
from stoa.domain.conversations import Conversation, Message, Place
from stoa.domain.passages import Citation, SentenceCheck


class ConversationTables:
    """TalkStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, conversation_id: str, *, user_id: str, lock: bool = False) -> Conversation | None:
        query = select(conversations).where(conversations.c.id == conversation_id, conversations.c.user_id == user_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        return None if row is None else _conversation(row)

    async def page(self, user_id: str, *, search: str, after: Place | None, limit: int) -> Sequence[Conversation]:
        order = (conversations.c.updated_at, conversations.c.id)
        query = select(conversations).where(conversations.c.user_id == user_id)
        if after is not None:
            query = query.where(tuple_(*order) < (after.updated_at_ms, after.id))
        if search:
            said = exists().where(messages.c.conversation_id == conversations.c.id)
            titled = await self._contains(conversations.c.title, search)
            query = query.where(or_(titled, said.where(await self._contains(messages.c.content, search))))
        rows = await self._connection.execute(query.order_by(*(column.desc() for column in order)).limit(limit))
        return [_conversation(row) for row in rows]

    async def save(self, conversation: Conversation) -> None:
        row = _row(conversation)
        changed = await self._connection.execute(update(conversations).where(conversations.c.id == conversation.id).values(row))
        if changed.rowcount == 0:
            await self._connection.execute(insert(conversations).values(row))

    async def remove(self, conversation_id: str) -> None:
        await self._connection.execute(delete(messages).where(messages.c.conversation_id == conversation_id))
        await self._connection.execute(delete(conversations).where(conversations.c.id == conversation_id))

    async def messages(self, conversation_id: str) -> Sequence[Message]:
        query = select(messages).where(messages.c.conversation_id == conversation_id).order_by(messages.c.position)
        return [_message(row) for row in await self._connection.execute(query)]

    async def message(self, message_id: str, *, user_id: str) -> Message | None:
        query = select(messages).join(conversations).where(messages.c.id == message_id, conversations.c.user_id == user_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _message(row)

    async def add(self, new: Sequence[Message]) -> None:
        await self._connection.execute(insert(messages), [_row(message) for message in new])

    async def cut(self, conversation_id: str, *, position: int) -> None:
        behind = (messages.c.conversation_id == conversation_id, messages.c.position >= position)
        await self._connection.execute(delete(messages).where(*behind))

    async def write(self, message: Message, *, now_ms: int) -> bool:
        changed = await self._connection.execute(update(messages).where(messages.c.id == message.id).values(_row(message)))
        alive = update(conversations).where(conversations.c.id == message.conversation_id).values(updated_at=now_ms)
        await self._connection.execute(alive)
        return changed.rowcount == 1

    async def fail_abandoned(self, reason: str, *, silent_since_ms: int, conversation_id: str | None = None) -> int:
        silent = select(conversations.c.id).where(conversations.c.updated_at < silent_since_ms)
        if conversation_id is not None:
            silent = silent.where(conversations.c.id == conversation_id)
        abandoned = (messages.c.state == "streaming", messages.c.conversation_id.in_(silent))
        failed = await self._connection.execute(update(messages).where(*abandoned).values(state="failed", error=reason))
        return failed.rowcount

    async def _contains(self, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
        if self._connection.dialect.name != "sqlite":
            return column.icontains(text, autoescape=True)
        # SQLite's own lower() knows ASCII alone.
        raw = await self._connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.create_function("casefold", 1, str.casefold, deterministic=True)
        return func.casefold(column).contains(text.casefold(), autoescape=True)


def _row(record: Conversation | Message) -> dict[str, Any]:  # Any: the columns' values
    """Columns are named after the fields, but times leave their unit out."""
    fields = msgspec.structs.asdict(record)
    row = {name.removesuffix("_ms"): value for name, value in fields.items()}
    if isinstance(record, Message):
        row["citations"] = msgspec.to_builtins(record.citations)
        row["closest"] = msgspec.to_builtins(record.closest) or None
        row["verification"] = msgspec.to_builtins(record.verification)
    return row


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id, user_id=row.user_id, title=row.title, model=row.model,
        created_at_ms=row.created_at, updated_at_ms=row.updated_at,
    )  # fmt: skip


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id, conversation_id=row.conversation_id, position=row.position, role=row.role, content=row.content,
        created_at_ms=row.created_at, model=row.model, citations=msgspec.convert(row.citations, tuple[Citation, ...]),
        closest=msgspec.convert(row.closest or (), tuple[Citation, ...]),
        verification=msgspec.convert(row.verification, tuple[SentenceCheck, ...] | None),
        state=row.state, error=row.error, request_id=row.request_id, prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens, cost_nano_usd=row.cost_nano_usd,
    )  # fmt: skip
