"""Attributes of documents, and collections that applications keep as vector stores."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_attributes",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=512), nullable=True, comment="of text, number and flag exactly one is not null"),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("flag", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_attributes_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "name", name=op.f("pk_document_attributes")),
    )
    op.create_index("ix_document_attributes_name_number", "document_attributes", ["name", "number"], unique=False)
    op.create_index("ix_document_attributes_name_text", "document_attributes", ["name", "text"], unique=False)
    op.create_table(
        "vector_stores",
        sa.Column("collection", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("expires_days", sa.Integer(), nullable=True, comment="after the last use; null is never"),
        sa.Column("created_by", sa.String(length=40), nullable=False, comment="a key or a user"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_active_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collection", name=op.f("pk_vector_stores")),
    )
