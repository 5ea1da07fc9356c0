"""`/api/catalog`: what the signed-in user may chat with."""

from typing import Annotated

from fastapi import APIRouter

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View
from stoa.domain.snapshot import Access, Snapshot

router = APIRouter(prefix="/api/catalog", tags=["catalog"])


class CatalogAssistant(View):
    model: str
    """What to send as `model`."""
    name: str
    title: str
    description: str
    examples: list[str]
    collections: list[str]


class CatalogModel(View):
    model: str
    description: str
    operation: str


class Catalog(View):
    assistants: list[CatalogAssistant]
    models: list[CatalogModel]


@router.get("")
async def read_catalog(caller: Annotated[Caller, allow("catalog:read")], parts: Parts) -> Catalog:
    """As the gateway would decide: from the snapshot that it serves from."""
    snapshot = await parts.feed.refresh()
    known = snapshot.users.get(caller.principal.id)
    if known is None:
        return Catalog(assistants=[], models=[])
    access = snapshot.access[known.access]
    return Catalog(assistants=_assistants(snapshot, access), models=_models(snapshot, access))


def _assistants(snapshot: Snapshot, access: Access) -> list[CatalogAssistant]:
    return [
        CatalogAssistant(
            model=f"assistant/{name}",
            name=name,
            title=assistant.title or name,
            description=assistant.description,
            examples=list(assistant.examples),
            collections=list(assistant.collections),
        )
        for name, assistant in sorted(snapshot.assistants.items())
        if f"assistant/{name}" in access.chat
    ]


def _models(snapshot: Snapshot, access: Access) -> list[CatalogModel]:
    return [
        CatalogModel(model=name, description=named.description, operation="chat")
        for name, named in sorted({**snapshot.models, **snapshot.routes}.items())
        if name in access.chat
    ]
