"""Desired state: the kinds that `stoa apply` takes. Unknown fields are errors; defaults are what most people want.

A resource is written as YAML, one document each: `kind`, `name`, then the fields of that kind beside them.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Positive = Annotated[int, Meta(ge=1)]


class _Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    name: Name
    description: str = ""


class Provider(_Resource, frozen=True, tag_field="kind", tag="Provider"):
    """An upstream that speaks the OpenAI form."""

    base_url: Annotated[str, Meta(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")]
    """Up to and including the version, such as https://api.openai.com/v1."""
    api_key: str | None = None
    """Sent as a bearer token. `${env:NAME}` is read from the environment of the one who applies; stored encrypted."""
    headers: dict[str, str] = {}
    """Further headers for every request."""
    connect_timeout_s: Annotated[float, Meta(gt=0)] = 5.0
    first_byte_timeout_s: Annotated[float, Meta(gt=0)] = 120.0
    idle_timeout_s: Annotated[float, Meta(gt=0)] = 60.0
    """Between two pieces of a stream."""
    max_connections: Positive = 1024


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """US dollars for a million tokens, as text so that no cent is lost to floating point."""

    input_per_million: str
    output_per_million: str = "0"


class Model(_Resource, frozen=True, tag_field="kind", tag="Model"):
    """One model of one provider, under the name that clients use."""

    provider: Name
    upstream_name: str | None = None
    """What the provider calls it; the resource's own name when left out."""
    operation: Literal["chat", "embedding"] = "chat"
    price: Price | None = None
    """Without it the price list is asked; a model it does not know has unknown cost."""
    context_tokens: Positive | None = None
    teams: tuple[Name, ...] | None = None
    """Teams that may use it; all when left out."""


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    model: Name
    weight: Annotated[int, Meta(ge=0)] = 1


class Route(_Resource, frozen=True, tag_field="kind", tag="Route"):
    """A name that stands for several models: one is drawn by weight, the others and `fallback` follow on error."""

    targets: Annotated[tuple[Target, ...], Meta(min_length=1)]
    fallback: tuple[Name, ...] = ()
    cache: bool = True
    cache_ttl_s: Positive = 3600
    teams: tuple[Name, ...] | None = None


class Collection(_Resource, frozen=True, tag_field="kind", tag="Collection"):
    """A body of documents, indexed together."""

    team: Name
    """Whose documents these are: the default right on each of them."""
    embedding_model: Name = "stoa-embed"
    chunk_tokens: Annotated[int, Meta(ge=32, le=256)] = 200


class Assistant(_Resource, frozen=True, tag_field="kind", tag="Assistant"):
    """A name, a prompt, a route and collections: called as `model: assistant/<name>`."""

    title: str = ""
    prompt: str = ""
    route: Name = "stoa-reader"
    """A route or a model."""
    collections: tuple[Name, ...] = ()
    passages: Annotated[int, Meta(ge=1, le=50)] = 8
    """How many passages at most go into the prompt."""
    context_tokens: Annotated[int, Meta(ge=200)] = 3000
    """Budget for all passages together."""
    examples: tuple[str, ...] = ()
    """Questions the page offers to a new user."""
    teams: tuple[Name, ...] | None = None


Resource = Provider | Model | Route | Collection | Assistant
KINDS: tuple[type[Resource], ...] = (Provider, Model, Route, Collection, Assistant)
"""In the order in which they refer to each other."""
