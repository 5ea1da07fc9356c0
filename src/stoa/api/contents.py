"""What was asked and answered, where a team keeps it: read by those who may, erased by destroying the key of whose it is."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.datasets import DatasetTables
from stoa.adapters.database.opening import opener
from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.database.traces import TraceTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View
from stoa.api.traces import Id
from stoa.domain.usage import UsageFact
from stoa.errors import InvalidRequest, NotFound
from stoa.gateway.example import example_of
from stoa.ledger.contents import read_content
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

router = APIRouter(tags=["traces"])


class ContentView(View):
    """`state` is `none` where nothing is kept, `erased` where the key of whose it was is destroyed.

    `request` and `answer` are JSON as it was sent, or text where it is none; `cut` says that only their beginning is kept,
    `masked` that guardrails have masked something in them. `messages` are a chat's, with the answer as the last one.
    """

    state: Literal["stored", "erased", "none"]
    form: str | None
    request: Any = None
    answer: Any = None
    cut: bool = False
    masked: bool = False
    messages: list[dict[str, Any]] | None = None


class ErasedView(View):
    """How many keys were destroyed: one where there was any content, none where there was not. `examples` went with it."""

    keys: int
    examples: int
    """In datasets, copied from those contents."""


@router.get("/api/traces/{id}/content")
async def read_trace_content(trace_id: Id, caller: Annotated[Caller, allow("content:read")], parts: Parts) -> ContentView:
    """One's own, and for others as the policy says. That it was read is recorded."""
    fact = await _readable(trace_id, caller, parts)
    read = await read_content(
        fact.id,
        principal=caller.principal,
        read=opener(parts.database.read, ContentTable),
        seal=parts.seals,
        readings=parts.readings,
        now_ms=now_ms(),
    )
    form, content = fact.form, read.content
    if content is None:
        return ContentView(state=read.state, form=form)
    return ContentView(
        state=read.state,
        form=form,
        request=_json_or_text(content.request),
        answer=_json_or_text(content.answer),
        cut=content.cut,
        masked=content.masked,
        messages=None if content.cut else example_of(form, content.request, content.answer),
    )


@router.delete("/api/contents")
async def erase_contents(
    caller: Annotated[Caller, allow("content:erase")],
    parts: Parts,
    user: Annotated[str | None, Query(description="Whose content: a user's id or name.")] = None,
    key: Annotated[str | None, Query(description="Or that of an application: a key's id or name.")] = None,
) -> ErasedView:
    """Destroy the key that all kept content of a user, or of a key without a user, is sealed with, with its copies in datasets.

    It cannot be taken back.
    """
    subject = await _subject(parts, user, key)
    async with parts.database.write() as connection:
        examples = await DatasetTables(connection).copies(subject)
        return ErasedView(keys=await ContentTable(connection).erase(subject), examples=examples)


async def _subject(parts: Control, user: str | None, key: str | None) -> str:
    """An id of something that is no more is taken as it is: its content may still be there."""
    if (user is None) == (key is None):
        raise InvalidRequest("Name either 'user' or 'key'.", param="user")
    async with parts.read() as stores:
        if user is not None:
            found = await stores.users.find(user) or await stores.users.get(user)
            return f"user:{found.id if found is not None else user}"
        named = await stores.keys.find(key or "")
        return f"key:{named.id if named is not None else key}"


async def _readable(name: str, caller: Caller, parts: Control) -> UsageFact:
    """The request of that name whose content the caller may read: their own, else their team's, else anybody's.

    Clients choose ids, so several requests may have one. Raises Forbidden for a fact that is named by its own id and may not be
    read, and NotFound.
    """
    async with parts.database.read() as connection:
        async for fact, target in requests_named(name, caller, connection):
            if caller.may(target):
                return fact
            if fact.id == name:
                caller.require(target)
    raise NotFound(f"There is no request {name[:80]!r} whose content you may read.")


async def requests_named(name: str, caller: Caller, connection: AsyncConnection) -> AsyncGenerator[tuple[UsageFact, Target]]:
    """The requests that a name may mean, each with what its content is to a policy: the caller's first, then their team's."""
    traces, stores, principal = TraceTable(connection), DatabaseStores(connection), caller.principal
    for user_id, team in ((principal.id, None), (None, principal.team), (None, None)):
        found = await traces.find(name, user_id=user_id, team=team)
        if found is not None:
            yield found.fact, await content_target(found.fact, stores)


async def content_target(fact: UsageFact, stores: DatabaseStores) -> Target:
    """A person's is theirs alone; an application's is that of whoever made its key, and of its team."""
    if fact.user_id is not None:
        return Target("Content", id=fact.id, kind="person", team=fact.team, owner=fact.user_id)
    key = await stores.keys.find(fact.key_id) if fact.key_id is not None else None
    return Target("Content", id=fact.id, kind="application", team=fact.team, owner=key.created_by if key is not None else None)


def _json_or_text(data: bytes | None) -> Any:  # Any: JSON
    if data is None:
        return None
    try:
        return msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return data.decode("utf-8", "replace")
