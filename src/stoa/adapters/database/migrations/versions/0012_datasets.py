"""Datasets, their versions and their examples."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("team", sa.String(length=63), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="the current one; 0 before the first change"),
        sa.Column("items", sa.Integer(), nullable=False, comment="of the current version"),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("name", name=op.f("uq_datasets_name")),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("dataset_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False, comment="added, imported, changed or removed"),
        sa.Column("changed", sa.Integer(), nullable=False, comment="how many examples"),
        sa.Column("items", sa.Integer(), nullable=False, comment="how many there were then"),
        sa.Column("by", sa.String(length=40), nullable=False, comment="a user or a key"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_versions_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "version", name=op.f("pk_dataset_versions")),
    )
    op.create_table(
        "dataset_items",
        sa.Column("dataset_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False, comment="in the order in which they were added"),
        sa.Column("since", sa.Integer(), nullable=False, comment="the version in which this state of it begins"),
        sa.Column(
            "until",
            sa.Integer(),
            nullable=True,
            comment="the version from which on it is not there; null is in the current one",
        ),
        sa.Column("source", sa.String(length=10), nullable=False, comment="request, import or given"),
        sa.Column("request", sa.String(length=40), nullable=True, comment="the usage fact that it came from"),
        sa.Column(
            "team", sa.String(length=63), nullable=False, comment="whose retention it is under, where it came from a request"
        ),
        sa.Column("model", sa.String(length=255), nullable=True, comment="that answered"),
        sa.Column("snapshot", sa.Integer(), nullable=True, comment="that decided"),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column(
            "key_id",
            sa.String(length=40),
            nullable=False,
            comment="which of content_keys it is sealed with; without that, nobody reads it",
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=True, comment="that of the content it came from; null is never"),
        sa.Column("has_expected", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False, comment="who added it, or changed it last"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True, comment="what it says, encrypted; null once its time is over"),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_items_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "id", "since", name=op.f("pk_dataset_items")),
    )
    op.create_index("ix_dataset_items_request", "dataset_items", ["request"], unique=False)
    op.create_index("ix_dataset_items_expires_at", "dataset_items", ["expires_at"], unique=False)
