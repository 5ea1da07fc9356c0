"""`/healthz`, `/readyz` and `/api/status`: is everything well?"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Response

from stoa.adapters.processes.health import probe
from stoa.adapters.processes.runfile import read_roles
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Moment, View, moment

router = APIRouter(tags=["status"])

_COUNTED = ("took_ms", "usage", "traces", "contents", "examples", "syncs", "jobs", "versions")


class Ready(View):
    ready: bool
    reasons: list[str]


class RoleHealth(Ready):
    reachable: bool


class SweepView(View):
    """What the last sweep removed as past its retention, since control began."""

    at: Moment
    took_ms: int
    usage: int
    traces: int
    contents: int
    examples: int
    """Of datasets, copied from contents that are past theirs."""
    syncs: int
    jobs: int
    versions: int
    """Of resources."""


class LedgerHealth(View):
    """`failed` is why the last sweep did not end well; null when it did, or when there was none yet."""

    last_sweep: SweepView | None
    failed: str | None


class Status(View):
    ready: bool
    roles: dict[str, RoleHealth]
    ledger: LedgerHealth


@router.get("/healthz", include_in_schema=False)
async def healthz(caller: Annotated[Caller, allow("health:read")]) -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


@router.get("/readyz", include_in_schema=False)
async def readyz(caller: Annotated[Caller, allow("health:read")], parts: Parts, response: Response) -> Ready:
    """Ready: the database answers, and its state makes a snapshot. Told from what was seen last, so that this never waits."""
    trouble = parts.feed.trouble
    response.status_code = 503 if trouble else 200
    return Ready(ready=not trouble, reasons=[trouble] if trouble else [])


@router.get("/api/status")
async def read_status(caller: Annotated[Caller, allow("status:read")], parts: Parts) -> Status:
    """What each role says of itself, asked now."""
    urls = {name: entry.url for name, entry in read_roles(parts.settings.home_folder).each.items()}
    answers = await asyncio.gather(*(asyncio.to_thread(probe, url) for url in urls.values()))
    roles = {
        name: RoleHealth(ready=health.ready, reachable=health.reachable, reasons=list(health.reasons))
        for name, health in zip(urls, answers, strict=True)
    }
    last = parts.sweeper.last
    swept = SweepView(at=moment(last.at_ms), **{name: getattr(last, name) for name in _COUNTED}) if last is not None else None
    ledger = LedgerHealth(last_sweep=swept, failed=parts.sweeper.failed)
    return Status(ready=all(role.ready for role in roles.values()), roles=roles, ledger=ledger)
