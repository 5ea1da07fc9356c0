"""Telling clients what has changed among what they watch, and nothing of what they may not read.

A watch keeps what it last saw of each thing, under the rights of whoever watches. Whenever desired state or an index changes,
which the snapshots' revision says, it looks again as whom they are by then, and tells of what looks different: so a change
while nobody listened is told later, many at once are told once, and a thing that one may no longer read is told of as one that
was removed, once.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from mcp.shared.subscriptions import ResourcesListChanged, ResourceUpdated

from stoa.api.access import Caller
from stoa.api.mcp.catalog import Resources
from stoa.control.authentication import on_behalf
from stoa.domain.behalf import Behalf
from stoa.errors import Forbidden, LimitReached, NotFound, Unauthenticated
from stoa.policy.decide import reach
from stoa.wiring import Control, now_ms

MOST_WATCHED = 100
"""Things that one session, or one stream, watches."""

CHANGING = ""
"""What is last seen of a thing that is just changing, so that it is told of when it has."""

_WAIT_S = 30.0
REST_S = 1.0
"""Between two looks of one watch, at least."""

_SHARE = 0.25
"""Of a core, that the looks of all watches take at most: a look at a collection of 100,000 documents takes 73 ms, one at a
hundred documents 3 ms. Where there are many, each looks less often."""

ENDS = (Unauthenticated, Forbidden)
"""What `follow` raises when there is nobody to tell any more."""

log = logging.getLogger("stoa.mcp")

Change = ResourceUpdated | ResourcesListChanged


@dataclass(eq=False, slots=True)
class Watch:
    """What is watched, each with what was last seen of it, and the list of all, where somebody holds it."""

    seen: dict[str, str | None] = field(default_factory=dict[str, str | None])
    listed: str | None = None

    async def add(self, resources: Resources, parts: Control, caller: Caller, uri: str) -> None:
        """Raises NotFound for what is not there for the caller, and LimitReached."""
        if uri not in self.seen and len(self.seen) >= MOST_WATCHED:
            raise LimitReached(
                f"{MOST_WATCHED} resources are watched in this session, which is the most; unsubscribe from some."
            )
        seen = await resources.seen(parts, caller, [uri])
        if uri in seen and seen[uri] is None:
            raise NotFound(f"There is no {uri[:200]!r} here for you.", param="uri")
        self.seen.setdefault(uri, seen.get(uri, CHANGING))

    def drop(self, uri: str) -> None:
        """Also where it was not watched."""
        self.seen.pop(uri, None)

    async def add_list(self, resources: Resources, parts: Control, caller: Caller) -> None:
        if self.listed is None:
            self.listed = await resources.listed(parts, caller)

    def tell_again(self, missed: Collection[str | None] | None) -> None:
        """Whoever listens missed changes of these, or nobody knows of which: tell them of all as they are now.

        None among them is the list.
        """
        for uri in self.seen if missed is None else self.seen.keys() & missed:
            self.seen[uri] = CHANGING
        if self.listed is not None and (missed is None or None in missed):
            self.listed = CHANGING

    async def changes(self, resources: Resources, parts: Control, caller: Caller) -> Sequence[Change]:
        """What has changed since it was last asked for, or added."""
        found: list[Change] = []
        for uri, now in (await resources.seen(parts, caller, list(self.seen))).items() if self.seen else ():
            if uri in self.seen and self.seen[uri] != now:
                self.seen[uri] = now
                found.append(ResourceUpdated(uri=uri))
        if self.listed is not None and (listed := await resources.listed(parts, caller)) != self.listed:
            self.listed = listed
            found.append(ResourcesListChanged())
        return found


async def follow(
    watch: Watch,
    resources: Resources,
    parts: Control,
    caller: Caller,
    tell: Callable[[Change], Awaitable[None]],
    *,
    watches: Callable[[], int],
) -> None:
    """Tell what changes, until this process ends. Raises Unauthenticated or Forbidden when the caller may ask no more.

    `watches` says how many are followed at the moment, this one included.
    """
    version: int | None = None
    while not parts.feed.closed:
        snapshot = await parts.feed.after(version, wait_s=_WAIT_S)
        if snapshot is None:
            continue
        version, began = snapshot.version, time.monotonic()
        if not watch.seen and watch.listed is None:
            await asyncio.sleep(REST_S)
            continue
        try:
            caller = await as_now(parts, caller)
            found = await watch.changes(resources, parts, caller)
        except ENDS:
            raise
        except Exception:
            log.exception("changes could not be looked for")  # such as a database that is away: look again
            version, found = None, ()
        looked_s = time.monotonic() - began
        for each in found:
            await tell(each)
        await asyncio.sleep(max(REST_S, looked_s * max(watches(), 1) / _SHARE))


async def as_now(parts: Control, caller: Caller) -> Caller:
    """The caller with the rights of this moment. Raises Unauthenticated and Forbidden."""
    who = caller.principal
    if who.kind == "service":
        return caller
    named = Behalf(user=who.id) if who.kind == "user" else Behalf(key=who.id)
    async with parts.read() as stores:
        principal = await on_behalf(named, stores, now_ms=now_ms())
    if not all(reach(parts.policy, principal, action) for action in ("mcp:use", caller.action)):
        raise Forbidden("The policy does not let you use this any more.")
    return replace(caller, principal=principal, policy=parts.policy)
