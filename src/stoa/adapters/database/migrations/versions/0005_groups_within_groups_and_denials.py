"""Groups within groups, access tags that a reader may not hold, and which collections name single people."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_groups",
        sa.Column("group_name", sa.String(length=63), nullable=False),
        sa.Column("member_name", sa.String(length=63), nullable=False, comment="the group within it"),
        sa.ForeignKeyConstraint(["group_name"], ["groups.name"], name=op.f("fk_group_groups_group_name_groups")),
        sa.ForeignKeyConstraint(["member_name"], ["groups.name"], name=op.f("fk_group_groups_member_name_groups")),
        sa.PrimaryKeyConstraint("group_name", "member_name", name=op.f("pk_group_groups")),
    )
    with op.batch_alter_table("documents") as documents:
        documents.add_column(
            sa.Column(
                "deny",
                sa.JSON(),
                nullable=False,
                server_default="[]",
                comment="access tags of which a reader may hold none, sorted",
            )
        )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column(
            "documents",
            "acl",
            existing_type=sa.JSON(),
            existing_nullable=False,
            existing_comment="access tags, sorted",
            comment="access tags of which a reader needs one, sorted",
        )
    with op.batch_alter_table("corpus") as corpus:
        corpus.add_column(
            sa.Column(
                "personal",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="whether some document names, or has named, single people in its rights",
            )
        )
