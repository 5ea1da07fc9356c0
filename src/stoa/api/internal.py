"""`/internal`: what the roles of Stoa ask of control. Messages are msgpack, as the hot path reads them."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.opening import opener
from stoa.api.access import Caller, Parts, allow
from stoa.control.lookups import look_up
from stoa.domain.datastores import Lookup
from stoa.errors import InvalidRequest
from stoa.ledger.contents import record_contents
from stoa.ledger.usage import record
from stoa.wiring import now_ms

router = APIRouter(prefix="/internal", tags=["internal"], include_in_schema=False)

_MSGPACK = "application/msgpack"
_LONGEST_WAIT_S = 20.0


@router.get("/snapshot")
async def read_snapshot(
    caller: Annotated[Caller, allow("snapshot:read")], parts: Parts, after: Annotated[int | None, Query()] = None
) -> Response:
    """The snapshot, once it is another than `after`; 204 when it was not for 20 s, so that the caller asks again."""
    snapshot = await parts.feed.after(after, wait_s=_LONGEST_WAIT_S)
    if snapshot is None:
        return Response(status_code=204)
    return Response(msgspec.msgpack.encode(snapshot), media_type=_MSGPACK)


@router.post("/usage")
async def ship_usage(request: Request, caller: Annotated[Caller, allow("usage:ship")], parts: Parts) -> Response:
    """Take a batch of usage facts, each once; the answer is every team's spend of this month."""
    return Response(await record(await request.body(), recorder=parts.usage, now_ms=now_ms()), media_type=_MSGPACK)


@router.post("/contents", status_code=204)
async def ship_contents(request: Request, caller: Annotated[Caller, allow("content:ship")], parts: Parts) -> None:
    """Take a batch of contents, each once, and seal each with the key of whose it is."""
    await record_contents(
        await request.body(),
        transit=parts.seals,
        seal=parts.seals,
        write=opener(parts.database.write, ContentTable),
        now_ms=now_ms(),
    )


@router.post("/lookups")
async def run_lookup(request: Request, caller: Annotated[Caller, allow("lookup:run")], parts: Parts) -> Response:
    """Run a query of a datastore for whoever asks an assistant, with what control knows of rights and databases."""
    try:
        lookup = msgspec.msgpack.decode(await request.body(), type=Lookup)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(f"The body cannot be read: {error}.") from None
    async with parts.read() as stores:
        resources = await stores.resources.all()
    rows = await look_up(lookup, resources, runner=parts.runner, unsealer=parts.secrets)
    return Response(msgspec.msgpack.encode(rows), media_type=_MSGPACK)


@router.post("/targets", status_code=204)
async def report_targets(request: Request, caller: Annotated[Caller, allow("target:report")], parts: Parts) -> None:
    """Keep what one worker of a gateway says of its targets, in place of what it said before."""
    parts.targets.take(await request.body())
