"""Which sentences of an answer its passages support."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("messages") as table:
        table.add_column(
            sa.Column("verification", sa.JSON(), nullable=True, comment="null where an answer was not held against passages")
        )
