"""Usage by form, arm and lane, and what providers read from their caches."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("usage") as table:
        table.add_column(sa.Column("form", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("arm", sa.String(length=63), nullable=True))
        table.add_column(sa.Column("lane", sa.String(length=10), nullable=False, server_default="realtime"))
        table.add_column(sa.Column("cache_read_tokens", sa.BigInteger(), nullable=True))
