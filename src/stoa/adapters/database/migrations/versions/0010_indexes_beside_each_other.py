"""Indexes of a collection beside each other, what embedding in a job took, and documents by their job."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.add_column(
            sa.Column("tokens", sa.BigInteger(), nullable=False, server_default="0", comment="what embedding took, as counted")
        )
        table.add_column(
            sa.Column("cost", sa.BigInteger(), nullable=True, server_default="0", comment="nano-dollars of it; null is unknown")
        )
    op.create_index("ix_documents_job_id", "documents", ["job_id", "state", "id"])
    op.create_table(
        "indexes",
        sa.Column("collection", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="from 1, never used twice"),
        sa.Column("state", sa.String(20), nullable=False, comment="building, serving, kept or dropped"),
        sa.Column("embedding_model", sa.String(63), nullable=False),
        sa.Column("chunk_tokens", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(40), nullable=True, comment="what builds it, or brings it up to date, the last of them"),
        sa.Column(
            "report",
            sa.JSON(),
            nullable=True,
            comment="how its search compares with that of the one it was to take the place of",
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, comment="when it came into its state"),
        sa.Column(
            "erased",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="of a dropped one: nothing is left of it",
        ),
        sa.PrimaryKeyConstraint("collection", "version"),
    )
    op.create_table(
        "held",
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column(
            "version", sa.Integer(), autoincrement=False, nullable=False, comment="of the index, not the one that is searched"
        ),
        sa.Column("indexed_digest", sa.String(64), nullable=False, comment="as documents.indexed_digest"),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document_id", "version"),
    )
    op.create_index("ix_held_version", "held", ["version", "document_id"])
    _first_versions()


def _first_versions() -> None:
    """What is searched until now was made as its collection says now."""
    connection, now_ms = op.get_bind(), time.time_ns() // 1_000_000
    resources = sa.table("resources", sa.column("kind"), sa.column("name"), sa.column("spec", sa.JSON()))
    documents = sa.table("documents", sa.column("collection"))
    used = set(connection.execute(sa.select(documents.c.collection).distinct()).scalars())
    rows = connection.execute(sa.select(resources.c.name, resources.c.spec).where(resources.c.kind == "Collection")).all()
    for name, said in rows:
        if name in used:
            connection.execute(
                sa.text(
                    "INSERT INTO indexes (collection, version, state, embedding_model, chunk_tokens, created_at, changed_at) "
                    "VALUES (:collection, 1, 'serving', :embedding_model, :chunk_tokens, :now_ms, :now_ms)"
                ),
                {
                    "collection": name,
                    "embedding_model": said.get("embedding_model", "stoa-embed"),
                    "chunk_tokens": said.get("chunk_tokens", 200),
                    "now_ms": now_ms,
                },
            )
