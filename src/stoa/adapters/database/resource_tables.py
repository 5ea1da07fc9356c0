"""The table of what resources were: their present form is in `resources`, and once more here as the last version."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from stoa.adapters.database.metadata import metadata

resource_versions = Table(
    "resource_versions",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("name", String(63), primary_key=True),
    Column("version", Integer, primary_key=True, comment="grows by one with each saved change of the resource"),
    Column("change", String(10), nullable=False, comment="created, changed, restored or deleted"),
    Column("fields", JSON, nullable=False, comment="paths of what differs from the version before"),
    Column("spec", JSON(none_as_null=True), comment="as it was from then on, secrets masked; null if deleted or forgotten"),
    Column("restored", Integer, comment="the version that it was taken from"),
    Column("at", BigInteger, nullable=False),
    Column("by", String(40), nullable=False, comment="a user or a key"),
    Index("ix_resource_versions_at", "at"),
)
