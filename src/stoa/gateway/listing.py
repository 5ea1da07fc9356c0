"""`GET /v1/models`: what the caller may name as `model`."""

import msgspec

from stoa.errors import Forbidden, NotFound
from stoa.gateway.plan import Client, Plan

_encode = msgspec.json.Encoder().encode


def list_models(plan: Plan, client: Client) -> bytes:
    """The list, in OpenAI's form. Raises Forbidden."""
    _may_list(client)
    listing = plan.listings.get(client.access)
    if listing is None:
        data = [_model(plan, name) for name in _names(plan, client)]
        listing = plan.listings[client.access] = _encode({"object": "list", "data": data})
    return listing


def show_model(plan: Plan, client: Client, name: str) -> bytes:
    """One of them. Raises NotFound for what is not there or not allowed, and Forbidden."""
    _may_list(client)
    if name not in _names(plan, client):
        raise NotFound(f"There is no model {name[:200]!r}. GET /v1/models lists what there is.", code="model_not_found")
    return _encode(_model(plan, name))


def _may_list(client: Client) -> None:
    if not client.access.list_models:
        raise Forbidden(f"{client.caller.name!r} may not list models.")


def _names(plan: Plan, client: Client) -> list[str]:
    access = client.access
    chat = {name for name, each in plan.offerings["chat"].items() if each.needs in access.chat}
    return sorted(chat | {name for name, each in plan.offerings["embedding"].items() if each.needs in access.embed})


def _model(plan: Plan, name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": plan.made_at_s, "owned_by": "stoa"}
