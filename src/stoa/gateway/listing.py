"""`GET /v1/models`: what the caller may name as `model`."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from stoa.errors import Forbidden, NotFound
from stoa.gateway.plan import Client, Plan

Form = Literal["openai", "anthropic"]
"""Whose client asks: Anthropic's says so with the header anthropic-version."""

_encode = msgspec.json.Encoder().encode


def list_models(plan: Plan, client: Client, form: Form) -> bytes:
    """The list. Raises Forbidden."""
    _may_list(client)
    listing = plan.listings.get((client.access, form))
    if listing is None:
        data = [_model(plan, name, form) for name in _names(plan, client)]
        ends = {"has_more": False, "first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
        fields: dict[str, object] = {"object": "list", "data": data} if form == "openai" else {"data": data, **ends}
        listing = plan.listings[client.access, form] = _encode(fields)
    return listing


def show_model(plan: Plan, client: Client, name: str, form: Form) -> bytes:
    """One of them. Raises NotFound for what is not there or not allowed, and Forbidden."""
    _may_list(client)
    if name not in _names(plan, client):
        raise NotFound(f"There is no model {name[:200]!r}. GET /v1/models lists what there is.", code="model_not_found")
    return _encode(_model(plan, name, form))


def _may_list(client: Client) -> None:
    if not client.access.list_models:
        raise Forbidden(f"{client.caller.name!r} may not list models.")


def _names(plan: Plan, client: Client) -> list[str]:
    access = client.access
    return sorted(
        name
        for operation, offerings in plan.offerings.items()
        for name, each in offerings.items()
        if each.needs in access.of(operation)
    )


def _model(plan: Plan, name: str, form: Form) -> dict[str, object]:
    if form == "anthropic":
        made_at = datetime.fromtimestamp(plan.made_at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"type": "model", "id": name, "display_name": name, "created_at": made_at}
    return {"id": name, "object": "model", "created": plan.made_at_s, "owned_by": "stoa"}
