"""Sources: what lies in each, and their syncs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_entries",
        sa.Column("source", sa.String(length=63), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("seen_in", sa.String(length=40), nullable=False, comment="the last sync that listed it"),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "listed_version", sa.Text(), nullable=True, comment="what the source says of its bytes; null where it says nothing"
        ),
        sa.Column("listed_bytes", sa.BigInteger(), nullable=True),
        sa.Column(
            "rights", sa.JSON(), nullable=True, comment="allow and deny of its own, sorted; null where the source's hold"
        ),
        sa.Column("part", sa.Integer(), nullable=True, comment="of that sync: where it is fetched"),
        sa.Column("origin", sa.String(length=32), nullable=True, comment="where its bytes were brought from"),
        sa.Column("version", sa.Text(), nullable=True, comment="of the bytes that were brought"),
        sa.Column("digest", sa.String(length=64), nullable=True, comment="SHA-256 of the bytes that were brought"),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True, comment="why its bytes could not be brought"),
        sa.PrimaryKeyConstraint("source", "path", name=op.f("pk_source_entries")),
    )
    op.create_index("ix_source_entries_source_part", "source_entries", ["source", "part"], unique=False)
    op.create_table(
        "syncs",
        sa.Column("id", sa.String(length=40), nullable=False, comment="the id of its job"),
        sa.Column("source", sa.String(length=63), nullable=False),
        sa.Column("collection", sa.String(length=63), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False, comment="asked, due, watched, changed, pushed or removed"),
        sa.Column(
            "state", sa.String(length=20), nullable=False, comment="running, succeeded, failed, unconfirmed or cancelled"
        ),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="whether somebody said that removals are meant"),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "whole", sa.Boolean(), server_default=sa.false(), nullable=False, comment="whether all of the source was listed"
        ),
        sa.Column(
            "unconfirmed",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="whether removals wait to be confirmed",
        ),
        sa.Column("listed", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("rights_moved", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("held_back", sa.BigInteger(), nullable=False, comment="documents that wait for the source's hours"),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "acl_lag_ms",
            sa.BigInteger(),
            nullable=True,
            comment="of the slowest change of a right, from being seen to being in force",
        ),
        sa.Column("open_job", sa.String(length=40), nullable=True, comment="an ingestion job that is not handed over yet"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_syncs")),
    )
    op.create_index("ix_syncs_source_id", "syncs", ["source", "id"], unique=False)
    op.create_index(
        "uq_syncs_source_running",
        "syncs",
        ["source"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
