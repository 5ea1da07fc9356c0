"""Versions of resources. Of each resource that is there, its present form is the first one, with its secrets masked."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MASK = "********"


def upgrade() -> None:
    versions = op.create_table(
        "resource_versions",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="grows by one with each saved change of the resource"),
        sa.Column("change", sa.String(length=10), nullable=False, comment="created, changed, restored or deleted"),
        sa.Column("fields", sa.JSON(), nullable=False, comment="paths of what differs from the version before"),
        sa.Column(
            "spec",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="as it was from then on, secrets masked; null if deleted or forgotten",
        ),
        sa.Column("restored", sa.Integer(), nullable=True, comment="the version that it was taken from"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False, comment="a user or a key"),
        sa.PrimaryKeyConstraint("kind", "name", "version", name=op.f("pk_resource_versions")),
    )
    op.create_index("ix_resource_versions_at", "resource_versions", ["at"], unique=False)
    found = sa.text("SELECT kind, name, spec, updated_at, updated_by FROM resources ORDER BY kind, name")
    firsts = [
        {
            "kind": row.kind, "name": row.name, "version": 1, "change": "created", "fields": [],
            "spec": _masked(row.kind, json.loads(row.spec) if isinstance(row.spec, str) else row.spec),
            "restored": None, "at": row.updated_at, "by": row.updated_by,
        }
        for row in op.get_bind().execute(found).all()
    ]  # fmt: skip
    op.bulk_insert(versions, firsts)


def _masked(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """What holds secrets in resources of this form: they are sealed there, and not kept here at all."""
    shown = dict(spec)
    if kind == "Provider" and spec.get("api_key") is not None:
        shown["api_key"] = _MASK
    for field in {"Provider": ("headers", "credentials"), "Source": ("credentials",), "Datastore": ("credentials",)}.get(
        kind, ()
    ):
        if field in spec:
            shown[field] = dict.fromkeys(spec[field], _MASK)
    if kind == "Guardrail" and "guards" in spec:
        shown["guards"] = [
            guard | {"headers": dict.fromkeys(guard["headers"], _MASK)} if "headers" in guard else guard
            for guard in spec["guards"]
        ]
    return shown
