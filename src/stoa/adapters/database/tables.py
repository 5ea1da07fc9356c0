"""Every table of the main database, in the order in which the platform's nouns refer to each other.

Times are UTC milliseconds since 1970, money is integer nano-dollars, ids are text that sorts by time. Facts (usage, feedback)
are inserted, never updated. The migrations in `migrations/` must end at exactly this; a test compares them.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- identity ---

teams = Table(
    "teams",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("monthly_budget", BigInteger, comment="nano-dollars in a calendar month; null is no limit"),
    Column("created_at", BigInteger, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(63), nullable=False, unique=True, comment="what the person signs in as"),
    Column("display_name", Text, nullable=False),
    Column("team", String(63), ForeignKey("teams.name"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(20), primary_key=True),
)

user_groups = Table(
    "user_groups",
    metadata,
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group_name", String(63), ForeignKey("groups.name"), primary_key=True),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("kind", String(20), nullable=False, comment="inference or management"),
    Column("digest", String(64), nullable=False, unique=True, comment="SHA-256 of the key, hex; the key itself is not kept"),
    Column("hint", String(20), nullable=False, comment="first and last characters, to recognise a key by"),
    Column("team", String(63), ForeignKey("teams.name"), nullable=False),
    Column("role", String(20), comment="of a management key; null for inference keys"),
    Column("groups", JSON, nullable=False),
    Column("requests_per_minute", Integer, comment="null is the default limit, 0 is no limit"),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index("ix_keys_team", "team"),
)

Index(
    "uq_keys_name_active",
    keys.c.name,
    unique=True,
    sqlite_where=keys.c.revoked_at.is_(None),
    postgresql_where=keys.c.revoked_at.is_(None),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_sessions_user_id", "user_id"),
)

# --- desired state ---

resources = Table(
    "resources",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("name", String(63), primary_key=True),
    Column("spec", JSON, nullable=False, comment="the resource as applied, secrets sealed"),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", String(40), nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True, comment="always 1"),
    Column("value", BigInteger, nullable=False, comment="grows with every change that a snapshot must carry"),
)

# --- documents ---

corpus = Table(
    "corpus",
    metadata,
    Column("collection", String(63), primary_key=True),
    Column("version", BigInteger, nullable=False, comment="grows with every change of a document or a right"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("collection", String(63), nullable=False),
    Column("source", String(255), nullable=False, comment="the folder or upload it came with; scope of pruning"),
    Column("path", Text, nullable=False, comment="relative to the source, forward slashes"),
    Column("title", Text, nullable=False),
    Column("digest", String(64), nullable=False, comment="SHA-256 of the raw bytes"),
    Column("bytes", BigInteger, nullable=False),
    Column("pages", Integer),
    Column("chunks", Integer),
    Column("acl", JSON, nullable=False, comment="access tags, sorted"),
    Column("state", String(20), nullable=False, comment="queued, indexed, failed or removed"),
    Column("error", Text),
    Column("indexed_digest", String(64), comment="what the index holds: digest, rights and pipeline together"),
    Column("job_id", String(40)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("collection", "source", "path"),
    Index("ix_documents_collection_state", "collection", "state"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("collection", String(63)),
    Column("state", String(20), nullable=False, comment="waiting, queued, running, succeeded, failed or cancelled"),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("message", Text),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("plan", JSON, comment="what the job is to do, as its kind defines"),
)

# --- conversations ---

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("title", Text, nullable=False),
    Column("model", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_conversations_user_id_updated_at", "user_id", "updated_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("conversation_id", String(40), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("role", String(20), nullable=False, comment="user or assistant"),
    Column("content", Text, nullable=False),
    Column("model", String(80)),
    Column("citations", JSON, nullable=False),
    Column("state", String(20), nullable=False, comment="complete, streaming, stopped or failed"),
    Column("error", Text),
    Column("request_id", String(60)),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("cost_nano_usd", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "position"),
)

# --- facts ---

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("user_id", String(40), nullable=False),
    Column("conversation_id", String(40), nullable=False),
    Column("message_id", String(40), nullable=False),
    Column("rating", String(10), comment="up or down; null takes it back"),
    Column("emoji", String(16)),
    Column("comment", Text),
    Index("ix_feedback_conversation_id", "conversation_id"),
)

usage = Table(
    "usage",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("request_id", String(80), nullable=False),
    Column("operation", String(20), nullable=False),
    Column("team", String(63), nullable=False),
    Column("key_id", String(40)),
    Column("user_id", String(40)),
    Column("requested", String(200), nullable=False),
    Column("assistant", String(63)),
    Column("model", String(63)),
    Column("provider", String(63)),
    Column("status", Integer, nullable=False),
    Column("cache", String(10), nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("tokens_from", String(10), nullable=False),
    Column("cost_nano_usd", BigInteger, comment="null is unknown"),
    Column("latency_ms", Double, nullable=False),
    Column("first_token_ms", Double),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("snapshot_version", BigInteger, nullable=False),
    Column("price_version", String(40), nullable=False),
    Column("corpus_version", String(200)),
    Column("parent_id", String(40)),
    Column("form", String(20)),
    Column("arm", String(63)),
    Column("lane", String(10), nullable=False, server_default="realtime"),
    Column("cache_read_tokens", BigInteger),
    Index("ix_usage_at", "at"),
)

# --- sums ---

spend = Table(
    "spend",
    metadata,
    Column("month", String(7), primary_key=True, comment="calendar month in UTC, such as 2026-11"),
    Column("team", String(63), primary_key=True),
    Column("nano_usd", BigInteger, nullable=False, comment="sum of the known costs in usage, kept in the same transaction"),
)
