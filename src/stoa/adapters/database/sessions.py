"""Sign-in links and sessions in the database."""

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import sessions, sign_in_links
from stoa.domain.sessions import Session, SignInLink


class SessionTable:
    """SessionStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_link(self, link: SignInLink) -> None:
        row = {"digest": link.digest, "user_id": link.user_id, "expires_at": link.expires_at_ms}
        await self._connection.execute(insert(sign_in_links).values(row))

    async def use_link(self, digest: str, *, now_ms: int) -> str | None:
        unused = (sign_in_links.c.digest == digest, sign_in_links.c.used_at.is_(None), sign_in_links.c.expires_at > now_ms)
        used = update(sign_in_links).where(*unused).values(used_at=now_ms).returning(sign_in_links.c.user_id)
        return (await self._connection.execute(used)).scalar_one_or_none()

    async def add(self, session: Session) -> None:
        row = {
            "digest": session.digest,
            "user_id": session.user_id,
            "created_at": session.created_at_ms,
            "expires_at": session.expires_at_ms,
        }
        await self._connection.execute(insert(sessions).values(row))

    async def find(self, digest: str, *, now_ms: int) -> Session | None:
        query = select(sessions).where(sessions.c.digest == digest, sessions.c.expires_at > now_ms)
        row = (await self._connection.execute(query)).one_or_none()
        return (
            None
            if row is None
            else Session(digest=row.digest, user_id=row.user_id, created_at_ms=row.created_at, expires_at_ms=row.expires_at)
        )

    async def end(self, *, digest: str | None = None, user_id: str | None = None) -> None:
        await self._connection.execute(delete(sessions).where(or_(sessions.c.digest == digest, sessions.c.user_id == user_id)))

    async def forget_expired(self, *, now_ms: int) -> None:
        await self._connection.execute(delete(sign_in_links).where(sign_in_links.c.expires_at <= now_ms))
        await self._connection.execute(delete(sessions).where(sessions.c.expires_at <= now_ms))
