"""Versions of documents in the database: a row for each change of the bytes or of the rights, and none for what repeats."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import document_versions, jobs, keys, users
from stoa.domain.documents import Document, DocumentVersion


async def add(connection: AsyncConnection, changed: Sequence[Document]) -> None:
    """Note documents as they are now, where that is another version than the last. A removal is none: its rows go with it."""
    living = {document.id: document for document in changed if document.state != "removed"}
    if not living:
        return
    numbers = (
        select(document_versions.c.document_id, func.max(document_versions.c.number))
        .where(document_versions.c.document_id.in_(living))
        .group_by(document_versions.c.document_id)
    )
    last = select(document_versions).where(tuple_(document_versions.c.document_id, document_versions.c.number).in_(numbers))
    known = {row["document_id"]: row for row in (await connection.execute(last)).mappings()}
    rows: list[dict[str, object]] = []
    for document in living.values():
        before, acl, deny = known.get(document.id), sorted(document.acl), sorted(document.deny)
        if before is not None and (before["digest"], before["acl"], before["deny"]) == (document.digest, acl, deny):
            continue
        rows.append(
            {
                "document_id": document.id, "number": 1 if before is None else before["number"] + 1,
                "at": document.updated_at, "digest": document.digest, "bytes": document.bytes, "acl": acl, "deny": deny,
                "job_id": document.job_id,
            }
        )  # fmt: skip
    if rows:
        await connection.execute(insert(document_versions), rows)


async def of_document(connection: AsyncConnection, document_id: str) -> Sequence[DocumentVersion]:
    """The newest first."""
    columns = [column for column in document_versions.c if column.name not in ("document_id", "job_id")]
    found = (
        select(*columns, func.coalesce(users.c.name, keys.c.name).label("by"))
        .select_from(
            document_versions.outerjoin(jobs, jobs.c.id == document_versions.c.job_id)
            .outerjoin(users, users.c.id == jobs.c.created_by)
            .outerjoin(keys, keys.c.id == jobs.c.created_by)
        )
        .where(document_versions.c.document_id == document_id)
        .order_by(document_versions.c.number.desc())
    )
    return [
        DocumentVersion(
            number=row.number, at=row.at, digest=row.digest, bytes=row.bytes, acl=frozenset(row.acl), deny=frozenset(row.deny),
            by=row.by,
        )
        for row in await connection.execute(found)
    ]  # fmt: skip
