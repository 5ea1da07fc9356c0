"""Where to look, of answers that say that the documents do not tell."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("messages") as table:
        table.add_column(
            sa.Column(
                "closest",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="passages to look at, of an answer that cites none; null for most",
            )
        )
