"""What documents that say almost the same are found by."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table

from stoa.adapters.database.metadata import metadata

document_sketches = Table(
    "document_sketches",
    metadata,
    Column("document_id", String(40), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("signature", LargeBinary, nullable=False, comment="MinHash of the text, four bytes a value"),
)

document_bands = Table(
    "document_bands",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False, comment="of the collection and the signature"),
    Column("document_id", String(40), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_document_bands_document_id", "document_id"),
)
