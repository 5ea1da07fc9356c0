"""The snapshot: all desired state the gateway needs, compiled, immutable, versioned, without a secret in the clear.

Control makes it; the gateway swaps it whole. Permissions are already decided in it: an access profile names the models,
routes and assistants that its holders may use, so that the hot path looks up and never evaluates.
"""

from typing import Protocol

import msgspec

from stoa.domain.datastores import Tool
from stoa.domain.identity import AccessTag
from stoa.domain.indexes import Served
from stoa.domain.operations import Operation
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Assistant, Budget, Collection, Guardrail, Limit, Model, Provider, Route


class Access(msgspec.Struct, frozen=True):
    """What some callers may do: the policy's answer for each operation, by requested name."""

    list_models: bool
    chat: frozenset[str]
    """Names that chat completions may be asked of: models, routes and `assistant/<name>`."""
    embed: frozenset[str]
    other: frozenset[str] = frozenset()
    """Names of models and routes for everything else: rerank, moderation, image, speech, transcription."""

    def of(self, operation: Operation) -> frozenset[str]:
        return self.chat if operation == "chat" else self.embed if operation == "embedding" else self.other


class Caller(msgspec.Struct, frozen=True):
    """A key, a user or a service, as the gateway sees it. `access` is an index into `Snapshot.access`."""

    id: str
    name: str
    team: str
    acl: frozenset[AccessTag]
    access: int
    user_id: str | None = None
    key_id: str | None = None
    requests_per_minute: int | None = None
    """None is no limit."""
    expires_at_ms: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None
    budget: int | None = None
    """Nano-dollars in each `budget_period`; None is no limit."""
    budget_period: str = "month UTC"
    project: str | None = None
    """The tag of requests that name none."""


class TeamLimits(msgspec.Struct, frozen=True):
    """`monthly_budget` is nano-dollars in a calendar month, UTC; None is no limit."""

    monthly_budget: int | None = None
    content_days: int | None = None
    """How long what was asked and answered is kept; None is not at all."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """`version` only grows. `providers[*].api_key` and header values are sealed; the gateway opens them with its `Unsealer`."""

    version: int
    made_at_ms: int
    price_version: str
    keys: dict[str, Caller]
    """By SHA-256 of the key, as hex."""
    users: dict[str, Caller]
    """By user id: for requests made in the page on behalf of the one signed in."""
    services: dict[str, Caller]
    """By team: for Stoa's own work that the team pays for, such as embedding its documents."""
    access: tuple[Access, ...]
    teams: dict[str, TeamLimits]
    providers: dict[str, Provider]
    models: dict[str, Model]
    prices: dict[str, ModelPrice]
    """By model name; a model that is missing has unknown cost."""
    routes: dict[str, Route]
    assistants: dict[str, Assistant]
    collections: dict[str, Collection]
    corpus: dict[str, int]
    """By collection: its index version, which grows with every change of a document or a right."""
    personal: frozenset[str] = frozenset()
    """Collections of which some document names single people in its rights: two callers with the same groups may differ."""
    guardrails: dict[str, Guardrail] = {}
    """Headers of own guards are sealed, as those of providers."""
    limits: dict[str, Limit] = {}
    budgets: dict[str, Budget] = {}
    indexes: dict[str, Served] = {}
    """By collection the index that is searched, by collection@version every one; a collection that is missing has its first,
    made as the collection says."""
    tools: dict[str, Tool] = {}
    """The queries that assistants may have looked up, by `datastore/query`. Their SQL and databases are control's alone."""


class Unsealer(Protocol):
    """Opens what was sealed with the home's master key. Raises OperatorError when the key does not fit."""

    def open(self, sealed: str) -> str: ...
