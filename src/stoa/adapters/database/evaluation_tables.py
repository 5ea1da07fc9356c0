"""Tables of evaluation: sets of judged passages."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from stoa.adapters.database.metadata import metadata

evaluation_sets = Table(
    "evaluation_sets",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("collection", String(63), nullable=False),
    Column("description", Text, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

judgements = Table(
    "judgements",
    metadata,
    Column("evaluation_set", String(63), ForeignKey("evaluation_sets.name", ondelete="CASCADE"), primary_key=True),
    Column("id", String(40), primary_key=True, comment="the same for the same query and passage"),
    Column("query", Text, nullable=False),
    Column("label", String(10), nullable=False, comment="good or bad"),
    Column("document_id", String(40), nullable=False),
    Column("source", String(255), nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", String(64), nullable=False, comment="of the document's bytes then: what the offsets are of"),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("text", Text, nullable=False, comment="the passage, to find it in a changed document; empty once that is removed"),
    Column("judged_by", String(40), nullable=False),
    Column("judged_at", BigInteger, nullable=False),
    Index("ix_judgements_document_id", "document_id"),
)
