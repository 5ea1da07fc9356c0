"""Tables of the ledger: facts, which are inserted and never updated, prices, and sums over facts."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from stoa.adapters.database.metadata import metadata

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
    Column("cache_write_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("audio_input_tokens", BigInteger),
    Column("audio_output_tokens", BigInteger),
    Column("image_tokens", BigInteger),
    Column("engine_ms", Double),
    Column("provider_usage", Text, comment="the provider's own account of it, JSON"),
    Column("project", String(63)),
    Column("saved_nano_usd", BigInteger),
    Column("cache_tier", String(10)),
    Column("cache_of", String(40)),
    Column("estimate_nano_usd", BigInteger),
    Column("refused", Boolean, nullable=False, server_default=false(), comment="before a model was asked"),
    Index("ix_usage_at", "at"),
    Index(
        "ix_usage_request_id",
        "request_id",
        sqlite_where=text("request_id <> id"),
        postgresql_where=text("request_id <> id"),
    ),
)

consulted = Table(
    "consulted",
    metadata,
    Column("id", String(40), primary_key=True, comment="of the usage fact: an answered question"),
    Column("collection", String(63), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("found", Integer, nullable=False, comment="passages of the collection that the model got"),
    Column("cited", Integer, nullable=False, comment="passages of the collection that the answer cites"),
    Column("answered", Boolean, nullable=False, comment="whether the answer cites a passage of any collection"),
    Index("ix_consulted_collection_at", "collection", "at"),
)

cited = Table(
    "cited",
    metadata,
    Column("id", String(40), primary_key=True, comment="of the usage fact"),
    Column("document_id", String(40), primary_key=True),
    Column("collection", String(63), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("passages", Integer, nullable=False),
    Index("ix_cited_collection_at", "collection", "at"),
)

traces = Table(
    "traces",
    metadata,
    Column("id", String(40), primary_key=True, comment="of the usage fact; ids are in the order of time"),
    Column("record", LargeBinary, nullable=False, comment="msgpack: why the request went the way it went; never its content"),
    sqlite_with_rowid=False,
)

contents = Table(
    "contents",
    metadata,
    Column("id", String(40), primary_key=True, comment="of the usage fact"),
    Column("at", BigInteger, nullable=False),
    Column("team", String(63), nullable=False),
    Column(
        "key_id", String(40), nullable=False, comment="which of content_keys it is sealed with; without that, nobody reads it"
    ),
    Column("expires_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="what was asked and answered, encrypted"),
    Index("ix_contents_expires_at", "expires_at"),
)

content_keys = Table(
    "content_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("subject", String(80), nullable=False, comment="whose content: user:<id>, key:<id> or team:<name>"),
    Column("sealed", Text, nullable=False, comment="the key, encrypted with the master key; to delete it erases the content"),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("subject"),
)

# --- prices ---

prices = Table(
    "prices",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("model", String(63), nullable=False),
    Column("starts_at", BigInteger, nullable=False, comment="in force from then on, until the model's next one"),
    Column("spec", JSON(none_as_null=True), comment="null is what the resource, or the list, says"),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("model", "starts_at"),
)

price_versions = Table(
    "price_versions",
    metadata,
    Column("version", String(40), primary_key=True, comment="as usage facts name it"),
    Column("made_at", BigInteger, nullable=False),
    Column("prices", JSON, nullable=False, comment="nano-dollars by model"),
)

# --- sums ---

spend = Table(
    "spend",
    metadata,
    Column("month", String(7), primary_key=True, comment="calendar month in UTC, such as 2026-11"),
    Column("team", String(63), primary_key=True),
    Column("nano_usd", BigInteger, nullable=False, comment="sum of the known costs in usage, kept in the same transaction"),
)

spent = Table(
    "spent",
    metadata,
    Column("scope", String(20), primary_key=True, comment="team, key, user, project or assistant"),
    Column("subject", String(200), primary_key=True),
    Column("period", String(80), primary_key=True, comment="minute, hour, day, week or month, and a time zone"),
    Column("starts_at", BigInteger, primary_key=True, autoincrement=False),
    Column("nano_usd", BigInteger, nullable=False, comment="sum of the known costs in usage, kept in the same transaction"),
    Column("unknown", BigInteger, nullable=False, comment="how many facts had an unknown cost"),
)

followed = Table(
    "followed",
    metadata,
    Column("scope", String(20), primary_key=True, comment="of sums in `spent`; empty in the row that tells the revision"),
    Column("subject", String(200), primary_key=True, comment="empty is each one"),
    Column("period", String(80), primary_key=True),
    Column("revision", BigInteger, nullable=False, comment="of desired state, when this was looked at or begun"),
)
