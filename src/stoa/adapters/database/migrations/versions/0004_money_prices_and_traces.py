"""Tokens by class, projects and savings in usage; spend of any period; prices; traces and contents apart from usage."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("usage") as usage:
        for name in ("cache_write_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "image_tokens"):
            usage.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        usage.add_column(sa.Column("engine_ms", sa.Double(), nullable=True))
        usage.add_column(
            sa.Column("provider_usage", sa.Text(), nullable=True, comment="the provider's own account of it, JSON")
        )
        usage.add_column(sa.Column("project", sa.String(length=63), nullable=True))
        usage.add_column(sa.Column("saved_nano_usd", sa.BigInteger(), nullable=True))
        usage.add_column(sa.Column("cache_tier", sa.String(length=10), nullable=True))
        usage.add_column(sa.Column("cache_of", sa.String(length=40), nullable=True))
        usage.add_column(sa.Column("estimate_nano_usd", sa.BigInteger(), nullable=True))
        usage.add_column(
            sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.false(), comment="before a model was asked")
        )
    op.create_index(
        "ix_usage_request_id",
        "usage",
        ["request_id"],
        unique=False,
        sqlite_where=sa.text("request_id <> id"),
        postgresql_where=sa.text("request_id <> id"),
    )
    with op.batch_alter_table("teams") as teams:
        teams.add_column(
            sa.Column(
                "content_days",
                sa.Integer(),
                nullable=True,
                comment="how long what was asked and answered is kept; null is not at all",
            )
        )
    with op.batch_alter_table("keys") as keys:
        keys.add_column(sa.Column("tokens_per_minute", sa.BigInteger(), nullable=True, comment="null is no limit"))
        keys.add_column(sa.Column("parallel", sa.Integer(), nullable=True, comment="null is no limit"))
        keys.add_column(
            sa.Column("budget", sa.BigInteger(), nullable=True, comment="nano-dollars in each period; null is no limit")
        )
        keys.add_column(
            sa.Column(
                "budget_period",
                sa.String(length=80),
                nullable=True,
                comment="minute, hour, day, week or month, and a time zone",
            )
        )
        keys.add_column(
            sa.Column("project", sa.String(length=63), nullable=True, comment="the tag of its requests that name none")
        )
    with op.batch_alter_table("batches") as batches:
        batches.add_column(
            sa.Column(
                "cost_limit_nano_usd",
                sa.BigInteger(),
                nullable=True,
                comment="no further lines are asked once so much is spent; null is no limit",
            )
        )
        batches.add_column(
            sa.Column(
                "cost_nano_usd", sa.BigInteger(), nullable=False, server_default="0", comment="of the lines whose cost is known"
            )
        )
        batches.add_column(sa.Column("unknown_cost_lines", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "traces",
        sa.Column("id", sa.String(length=40), nullable=False, comment="of the usage fact; ids are in the order of time"),
        sa.Column(
            "record",
            sa.LargeBinary(),
            nullable=False,
            comment="msgpack: why the request went the way it went; never its content",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_traces")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contents",
        sa.Column("id", sa.String(length=40), nullable=False, comment="of the usage fact"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("team", sa.String(length=63), nullable=False),
        sa.Column(
            "key_id",
            sa.String(length=40),
            nullable=False,
            comment="which of content_keys it is sealed with; without that, nobody reads it",
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="what was asked and answered, encrypted"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contents")),
    )
    op.create_index("ix_contents_expires_at", "contents", ["expires_at"], unique=False)
    op.create_table(
        "content_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False, comment="whose content: user:<id>, key:<id> or team:<name>"),
        sa.Column(
            "sealed",
            sa.Text(),
            nullable=False,
            comment="the key, encrypted with the master key; to delete it erases the content",
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_keys")),
        sa.UniqueConstraint("subject", name=op.f("uq_content_keys_subject")),
    )
    op.create_table(
        "prices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=63), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False, comment="in force from then on, until the model's next one"),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=True, comment="null is what the resource, or the list, says"),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("model", "starts_at", name=op.f("uq_prices_model_starts_at")),
    )
    op.create_table(
        "price_versions",
        sa.Column("version", sa.String(length=40), nullable=False, comment="as usage facts name it"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("prices", sa.JSON(), nullable=False, comment="nano-dollars by model"),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_price_versions")),
    )
    op.create_table(
        "spent",
        sa.Column("scope", sa.String(length=20), nullable=False, comment="team, key, user, project or assistant"),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("period", sa.String(length=80), nullable=False, comment="minute, hour, day, week or month, and a time zone"),
        sa.Column("starts_at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column(
            "nano_usd", sa.BigInteger(), nullable=False, comment="sum of the known costs in usage, kept in the same transaction"
        ),
        sa.Column("unknown", sa.BigInteger(), nullable=False, comment="how many facts had an unknown cost"),
        sa.PrimaryKeyConstraint("scope", "subject", "period", "starts_at", name=op.f("pk_spent")),
    )
    op.create_table(
        "followed",
        sa.Column(
            "scope",
            sa.String(length=20),
            nullable=False,
            comment="of sums in `spent`; empty in the row that tells the revision",
        ),
        sa.Column("subject", sa.String(length=200), nullable=False, comment="empty is each one"),
        sa.Column("period", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="of desired state, when this was looked at or begun"),
        sa.PrimaryKeyConstraint("scope", "subject", "period", name=op.f("pk_followed")),
    )
