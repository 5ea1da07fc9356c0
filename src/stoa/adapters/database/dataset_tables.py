"""Tables of datasets: their versions, and examples from the version in which they begin to the one in which they end."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from stoa.adapters.database.metadata import metadata

datasets = Table(
    "datasets",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("team", String(63), nullable=False),
    Column("description", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="the current one; 0 before the first change"),
    Column("items", Integer, nullable=False, comment="of the current version"),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    UniqueConstraint("name"),
)

dataset_versions = Table(
    "dataset_versions",
    metadata,
    Column("dataset_id", String(40), ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("change", String(10), nullable=False, comment="added, imported, changed or removed"),
    Column("changed", Integer, nullable=False, comment="how many examples"),
    Column("items", Integer, nullable=False, comment="how many there were then"),
    Column("by", String(40), nullable=False, comment="a user or a key"),
    Column("at", BigInteger, nullable=False),
)

dataset_items = Table(
    "dataset_items",
    metadata,
    Column("dataset_id", String(40), ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(40), primary_key=True, comment="in the order in which they were added"),
    Column("since", Integer, primary_key=True, comment="the version in which this state of it begins"),
    Column("until", Integer, comment="the version from which on it is not there; null is in the current one"),
    Column("source", String(10), nullable=False, comment="request, import or given"),
    Column("request", String(40), comment="the usage fact that it came from"),
    Column("team", String(63), nullable=False, comment="whose retention it is under, where it came from a request"),
    Column("model", String(255), comment="that answered"),
    Column("snapshot", Integer, comment="that decided"),
    Column("asked_at", BigInteger),
    Column("masked", Boolean, nullable=False),
    Column(
        "key_id", String(40), nullable=False, comment="which of content_keys it is sealed with; without that, nobody reads it"
    ),
    Column("expires_at", BigInteger, comment="that of the content it came from; null is never"),
    Column("has_expected", Boolean, nullable=False),
    Column("by", String(40), nullable=False, comment="who added it, or changed it last"),
    Column("at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, comment="what it says, encrypted; null once its time is over"),
    Index("ix_dataset_items_request", "request"),
    Index("ix_dataset_items_expires_at", "expires_at"),
)
