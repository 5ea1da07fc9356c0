"""The tables of indexes: which there are of a collection, and what those hold that are not the one that is searched."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, false

from stoa.adapters.database.metadata import metadata

indexes = Table(
    "indexes",
    metadata,
    Column("collection", String(63), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="from 1, never used twice"),
    Column("state", String(20), nullable=False, comment="building, serving, kept or dropped"),
    Column("embedding_model", String(63), nullable=False),
    Column("chunk_tokens", Integer, nullable=False),
    Column("job_id", String(40), comment="what builds it, or brings it up to date, the last of them"),
    Column("report", JSON, comment="how its search compares with that of the one it was to take the place of"),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False, comment="when it came into its state"),
    Column("erased", Boolean, nullable=False, server_default=false(), comment="of a dropped one: nothing is left of it"),
)

held = Table(
    "held",
    metadata,
    Column("document_id", String(40), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="of the index, not the one that is searched"),
    Column("indexed_digest", String(64), nullable=False, comment="as documents.indexed_digest"),
    Column("chunks", Integer, nullable=False),
    Index("ix_held_version", "version", "document_id"),
)
