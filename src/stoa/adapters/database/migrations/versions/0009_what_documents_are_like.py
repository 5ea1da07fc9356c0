"""What is found out about a document when it is read, and by what documents that say almost the same are found."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("documents") as table:
        table.add_column(sa.Column("traits", sa.JSON(), nullable=True, comment="found out when it was read; null before"))
    op.create_table(
        "document_sketches",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="MinHash of the text, four bytes a value"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_sketches_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_sketches")),
    )
    op.create_table(
        "document_bands",
        sa.Column("band", sa.BigInteger(), nullable=False, autoincrement=False, comment="of the collection and the signature"),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_bands_document_id_documents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("band", "document_id", name=op.f("pk_document_bands")),
    )
    op.create_index("ix_document_bands_document_id", "document_bands", ["document_id"])
