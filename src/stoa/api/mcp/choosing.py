"""In which collections a question is to be looked for: those that are named, or those that the user chooses.

Asking the user serves where there are several and the client can show a form; it happens once a session. Whoever does not want
to choose has all of them searched.
"""

from collections.abc import Sequence
from typing import Annotated

import mcp_types as types
from pydantic import Field

from stoa.api.access import Caller
from stoa.api.holdings import collection_named, collections_for
from stoa.api.mcp.catalog import Asked
from stoa.domain.resources import Collection
from stoa.errors import InvalidRequest

Named = Annotated[
    tuple[str, ...] | None,
    Field(max_length=50, description="Only in these. Where left out everywhere, or as the user chooses when asked."),
]

EVERY = "(all of them)"
"""No collection has a name like that."""

MOST_OFFERED = 50
_FIELD = "collection"


async def chosen(asked: Asked, caller: Caller, named: Sequence[str] | None) -> Sequence[Collection]:
    """Raises NotFound for a name that is not the caller's to know of, and InvalidRequest when the user gives up."""
    async with asked.parts.read() as stores:
        if named is not None:
            return [await collection_named(stores, caller, name, param="collections") for name in dict.fromkeys(named)]
        every = await collections_for(stores, caller)
    if not 1 < len(every) <= MOST_OFFERED or not asked.client.elicits:
        return every
    offered = {each.name: each for each in every}
    choice = asked.client.remembered.get(_FIELD)
    if choice is None or (choice != EVERY and choice not in offered):
        asked.held.collections.update(offered)
        choice = await _ask(asked, list(offered))
        asked.client.remembered[_FIELD] = choice
    return every if choice == EVERY else [offered[choice]]


async def _ask(asked: Asked, names: Sequence[str]) -> str:
    field = {
        "type": "string", "title": "Collection", "description": "Where to search.", "enum": [EVERY, *names], "default": EVERY,
    }  # fmt: skip
    schema = {"type": "object", "properties": {_FIELD: field}, "required": [_FIELD]}
    message = "Which collection of documents is to be searched?"
    answer = await asked.client.elicit(_FIELD, types.ElicitRequestFormParams(message=message, requested_schema=schema))
    if answer.action == "decline":
        return EVERY
    if answer.action == "cancel":
        raise InvalidRequest("The user gave the question up when asked which collection to search.", code="client_cancelled")
    choice = (answer.content or {}).get(_FIELD)
    if choice != EVERY and choice not in names:
        raise InvalidRequest(
            f"The client answered {str(choice)[:100]!r} when asked which collection to search; offered were {EVERY!r} and "
            f"{len(names)} names.", param=_FIELD, code="client_answer",
        )  # fmt: skip
    return str(choice)
