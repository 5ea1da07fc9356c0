"""Tables of what applications say of documents and collections: attributes, and what makes a collection a vector store."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from stoa.adapters.database.metadata import metadata

document_attributes = Table(
    "document_attributes",
    metadata,
    Column("document_id", String(40), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("text", String(512), comment="of text, number and flag exactly one is not null"),
    Column("number", Float),
    Column("flag", Boolean),
    Index("ix_document_attributes_name_text", "name", "text"),
    Index("ix_document_attributes_name_number", "name", "number"),
)

vector_stores = Table(
    "vector_stores",
    metadata,
    Column("collection", String(63), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("expires_days", Integer, comment="after the last use; null is never"),
    Column("created_by", String(40), nullable=False, comment="a key or a user"),
    Column("created_at", BigInteger, nullable=False),
    Column("last_active_at", BigInteger, nullable=False),
)
