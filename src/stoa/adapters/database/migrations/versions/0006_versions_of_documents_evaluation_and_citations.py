"""Versions of documents, evaluation sets, and what answers cite."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_versions",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False, comment="from 1"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("acl", sa.JSON(), nullable=False, comment="access tags, sorted"),
        sa.Column("deny", sa.JSON(), nullable=False, comment="access tags, sorted"),
        sa.Column("job_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_versions_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_document_versions")),
    )
    op.execute(
        sa.text(
            "INSERT INTO document_versions (document_id, number, at, digest, bytes, acl, deny, job_id) "
            "SELECT id, 1, updated_at, digest, bytes, acl, deny, job_id FROM documents"
        )
    )
    op.create_table(
        "evaluation_sets",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("collection", sa.String(length=63), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_evaluation_sets")),
    )
    op.create_table(
        "judgements",
        sa.Column("evaluation_set", sa.String(length=63), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False, comment="the same for the same query and passage"),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=10), nullable=False, comment="good or bad"),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.String(length=64), nullable=False, comment="of the document's bytes then: what the offsets are of"
        ),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column(
            "text",
            sa.Text(),
            nullable=False,
            comment="the passage, to find it in a changed document; empty once that is removed",
        ),
        sa.Column("judged_by", sa.String(length=40), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_set"],
            ["evaluation_sets.name"],
            name=op.f("fk_judgements_evaluation_set_evaluation_sets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation_set", "id", name=op.f("pk_judgements")),
    )
    op.create_index("ix_judgements_document_id", "judgements", ["document_id"], unique=False)
    op.create_table(
        "consulted",
        sa.Column("id", sa.String(length=40), nullable=False, comment="of the usage fact: an answered question"),
        sa.Column("collection", sa.String(length=63), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False, comment="passages of the collection that the model got"),
        sa.Column("cited", sa.Integer(), nullable=False, comment="passages of the collection that the answer cites"),
        sa.Column("answered", sa.Boolean(), nullable=False, comment="whether the answer cites a passage of any collection"),
        sa.PrimaryKeyConstraint("id", "collection", name=op.f("pk_consulted")),
    )
    op.create_index("ix_consulted_collection_at", "consulted", ["collection", "at"], unique=False)
    op.create_table(
        "cited",
        sa.Column("id", sa.String(length=40), nullable=False, comment="of the usage fact"),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("collection", sa.String(length=63), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", "document_id", name=op.f("pk_cited")),
    )
    op.create_index("ix_cited_collection_at", "cited", ["collection", "at"], unique=False)
