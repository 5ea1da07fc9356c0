"""Every table of the main database, in the order in which the platform's nouns refer to each other.

Times are UTC milliseconds since 1970, money is integer nano-dollars, ids are text that sorts by time. Facts (usage, feedback)
are inserted, never updated. The migrations in `migrations/` must end at exactly this; a test compares them.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from stoa.adapters.database.dataset_tables import dataset_items, dataset_versions, datasets
from stoa.adapters.database.evaluation_tables import evaluation_sets, judgements
from stoa.adapters.database.index_tables import held, indexes
from stoa.adapters.database.ledger_tables import (
    cited,
    consulted,
    content_keys,
    contents,
    feedback,
    followed,
    price_versions,
    prices,
    spend,
    spent,
    traces,
    usage,
)
from stoa.adapters.database.metadata import metadata
from stoa.adapters.database.resemblance_tables import document_bands, document_sketches
from stoa.adapters.database.resource_tables import resource_versions
from stoa.adapters.database.source_tables import source_entries, syncs
from stoa.adapters.database.store_tables import document_attributes, vector_stores

__all__ = [
    "cited",
    "consulted",
    "content_keys",
    "contents",
    "dataset_items",
    "dataset_versions",
    "datasets",
    "document_attributes",
    "document_bands",
    "document_sketches",
    "evaluation_sets",
    "feedback",
    "followed",
    "held",
    "indexes",
    "judgements",
    "metadata",
    "price_versions",
    "prices",
    "resource_versions",
    "source_entries",
    "spend",
    "spent",
    "syncs",
    "traces",
    "usage",
    "vector_stores",
]
"""Those that have files of their own, beside the ones here."""

# --- identity ---

teams = Table(
    "teams",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("monthly_budget", BigInteger, comment="nano-dollars in a calendar month; null is no limit"),
    Column("content_days", Integer, comment="how long what was asked and answered is kept; null is not at all"),
    Column("created_at", BigInteger, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

group_groups = Table(
    "group_groups",
    metadata,
    Column("group_name", String(63), ForeignKey("groups.name"), primary_key=True),
    Column("member_name", String(63), ForeignKey("groups.name"), primary_key=True, comment="the group within it"),
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
    Column("tokens_per_minute", BigInteger, comment="null is no limit"),
    Column("parallel", Integer, comment="null is no limit"),
    Column("budget", BigInteger, comment="nano-dollars in each period; null is no limit"),
    Column("budget_period", String(80), comment="minute, hour, day, week or month, and a time zone"),
    Column("project", String(63), comment="the tag of its requests that name none"),
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
    Column(
        "personal",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="whether some document names, or has named, single people in its rights",
    ),
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
    Column("acl", JSON, nullable=False, comment="access tags of which a reader needs one, sorted"),
    Column("deny", JSON, nullable=False, server_default="[]", comment="access tags of which a reader may hold none, sorted"),
    Column("state", String(20), nullable=False, comment="queued, indexed, failed or removed"),
    Column("error", Text),
    Column("indexed_digest", String(64), comment="what the index holds: digest, rights and pipeline together"),
    Column("job_id", String(40)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("traits", JSON, comment="found out when it was read; null before"),
    UniqueConstraint("collection", "source", "path"),
    Index("ix_documents_collection_state", "collection", "state"),
    Index("ix_documents_job_id", "job_id", "state", "id"),
)

document_versions = Table(
    "document_versions",
    metadata,
    Column("document_id", String(40), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="from 1"),
    Column("at", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("acl", JSON, nullable=False, comment="access tags, sorted"),
    Column("deny", JSON, nullable=False, comment="access tags, sorted"),
    Column("job_id", String(40)),
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
    Column("team", String(63), comment="whose it is, where there is no collection to say so"),
    Column("tokens", BigInteger, nullable=False, server_default="0", comment="what embedding took, as counted"),
    Column("cost", BigInteger, server_default="0", comment="nano-dollars of it; null is unknown"),
)

# --- files and batches ---

files = Table(
    "files",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("team", String(63), ForeignKey("teams.name"), nullable=False),
    Column("key_id", String(40)),
    Column("user_id", String(40)),
    Column("acl", JSON, nullable=False, comment="access tags that a reader must hold, sorted"),
    Column("filename", Text, nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("state", String(20), nullable=False, comment="pending or ready"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Index("ix_files_team_created_at", "team", "created_at"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("team", String(63), ForeignKey("teams.name"), nullable=False),
    Column("key_id", String(40)),
    Column("user_id", String(40)),
    Column("acl", JSON, nullable=False, comment="access tags that a reader must hold, sorted"),
    Column("endpoint", String(40), nullable=False),
    Column("input_file_id", String(40), nullable=False),
    Column("metadata", JSON),
    Column("status", String(20), nullable=False, comment="as OpenAI names them"),
    Column("errors", JSON, nullable=False),
    Column("output_expires_s", Integer, comment="how long its files are kept; null is for ever"),
    Column("output_file_id", String(40)),
    Column("error_file_id", String(40)),
    Column("total", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("segments", Integer, nullable=False, comment="parts of the answers that are in the object store"),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_limit_nano_usd", BigInteger, comment="no further lines are asked once so much is spent; null is no limit"),
    Column("cost_nano_usd", BigInteger, nullable=False, server_default="0", comment="of the lines whose cost is known"),
    Column("unknown_cost_lines", Integer, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("in_progress_at", BigInteger),
    Column("finalizing_at", BigInteger),
    Column("completed_at", BigInteger),
    Column("failed_at", BigInteger),
    Column("expired_at", BigInteger),
    Column("cancelling_at", BigInteger),
    Column("cancelled_at", BigInteger),
    Index("ix_batches_team_created_at", "team", "created_at"),
    Index("ix_batches_input_file_id", "input_file_id"),
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
    Column("closest", JSON(none_as_null=True), comment="passages to look at, of an answer that cites none; null for most"),
    Column("verification", JSON(none_as_null=True), comment="null where an answer was not held against passages"),
    Column("state", String(20), nullable=False, comment="complete, streaming, stopped or failed"),
    Column("error", Text),
    Column("request_id", String(60)),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("cost_nano_usd", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("conversation_id", "position"),
)
