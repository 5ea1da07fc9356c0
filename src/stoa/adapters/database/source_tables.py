"""Tables of sources: what lies in each as it was last listed, and the syncs there were."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text, false, text

from stoa.adapters.database.metadata import metadata

source_entries = Table(
    "source_entries",
    metadata,
    Column("source", String(63), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("seen_in", String(40), nullable=False, comment="the last sync that listed it"),
    Column("seen_at", BigInteger, nullable=False),
    Column("listed_version", Text, comment="what the source says of its bytes; null where it says nothing"),
    Column("listed_bytes", BigInteger),
    Column("rights", JSON(none_as_null=True), comment="allow and deny of its own, sorted; null where the source's hold"),
    Column("part", Integer, comment="of that sync: where it is fetched"),
    Column("origin", String(32), comment="where its bytes were brought from"),
    Column("version", Text, comment="of the bytes that were brought"),
    Column("digest", String(64), comment="SHA-256 of the bytes that were brought"),
    Column("bytes", BigInteger),
    Column("error", Text, comment="why its bytes could not be brought"),
    Index("ix_source_entries_source_part", "source", "part"),
)

syncs = Table(
    "syncs",
    metadata,
    Column("id", String(40), primary_key=True, comment="the id of its job"),
    Column("source", String(63), nullable=False),
    Column("collection", String(63), nullable=False),
    Column("cause", String(20), nullable=False, comment="asked, due, watched, changed, pushed or removed"),
    Column("state", String(20), nullable=False, comment="running, succeeded, failed, unconfirmed or cancelled"),
    Column("confirmed", Boolean, nullable=False, comment="whether somebody said that removals are meant"),
    Column("message", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("whole", Boolean, nullable=False, server_default=false(), comment="whether all of the source was listed"),
    Column("unconfirmed", Boolean, nullable=False, server_default=false(), comment="whether removals wait to be confirmed"),
    Column("listed", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("rights_moved", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("held_back", BigInteger, nullable=False, comment="documents that wait for the source's hours"),
    Column("bytes", BigInteger, nullable=False),
    Column("acl_lag_ms", BigInteger, comment="of the slowest change of a right, from being seen to being in force"),
    Column("open_job", String(40), comment="an ingestion job that is not handed over yet"),
    Index("ix_syncs_source_id", "source", "id"),
)

Index(
    "uq_syncs_source_running",
    syncs.c.source,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
