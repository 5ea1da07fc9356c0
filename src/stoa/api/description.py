"""The OpenAPI document of `/api`: what FastAPI derives from the routes, and what it cannot know.

Every refusal has one form (`api/refusals.py`), and who is asking is told in one of two ways (`api/access.py`).
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec.json import schema_components

from stoa.api.access import SESSION_COOKIE
from stoa.domain.resources import Resource

Fields = dict[str, Any]  # Any: a piece of an OpenAPI document

ANYBODY: Fields = {"security": []}
"""`openapi_extra` of a route that asks for no credential."""

_REFUSAL: Fields = {
    "type": "object",
    "description": "Why a request was refused, in the form that OpenAI's clients read.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string", "description": "What was asked, what was found, and what to do."},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"], "description": "The field that is wrong, if it is one."},
                "code": {"type": "string", "description": "Stable: programs may compare it."},
            },
        }
    },
}
_SCHEMES: Fields = {
    "managementKey": {"type": "http", "scheme": "bearer", "description": "`stoa key create NAME --kind management`"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Of the page. Whatever changes something also sends x-csrf-token; GET /api/session tells its value.",
    },
}


RESOURCE = "#/components/schemas/Resource"
"""Any of the kinds that `stoa apply` takes."""


def describe(app: FastAPI) -> Fields:
    """The document, made once for an application."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        _complete(document)
        app.openapi_schema = document
    return app.openapi_schema


def events(*names: str) -> dict[int | str, Fields]:
    """`responses` of a route that answers with server-sent events of these names, their data being JSON."""
    event = {
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "event": {"enum": list(names)},
            "data": {"type": "string", "contentMediaType": "application/json"},
        },
    }
    return {200: {"description": "Events, as they happen.", "content": {"text/event-stream": {"itemSchema": event}}}}


def _complete(document: Fields) -> None:
    refused = {"description": "Refused.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)  # FastAPI's own form of refusal, which is never sent
            operation["responses"]["4XX"] = refused
            for content in operation["responses"].get("200", {}).get("content", {}).values():
                if "itemSchema" in content:
                    content.pop("schema", None)  # a stream has no form of its own, its events have
    components: Fields = document["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["schemas"]["Refusal"] = _REFUSAL
    (components["schemas"]["Resource"],), kinds = schema_components((Resource,), ref_template=f"{RESOURCE}.{{name}}")
    components["schemas"] |= {f"Resource.{name}": schema for name, schema in kinds.items()}
    components["securitySchemes"] = _SCHEMES
    document["security"] = [{name: []} for name in _SCHEMES]
