"""The first start: a team, somebody to sign in as, and a key for the command line on this machine."""

from collections.abc import Callable, Sequence

from stoa.control.desired import apply
from stoa.control.keys import KeyWish, create_key
from stoa.control.people import create_team, create_user
from stoa.domain.desired import Sealer
from stoa.domain.resources import Resource
from stoa.domain.stores import Stores
from stoa.kit.tokens import digest
from stoa.policy.decide import Target

TEAM = "company"
ADMIN = "admin"
LOCAL_KEY = "local-cli"


async def is_first_start(stores: Stores) -> bool:
    return not await stores.users.page(after=None, limit=1)


async def first_start(stores: Stores, found: Sequence[Resource], *, engine_url: str, sealer: Sealer, now_ms: int) -> None:
    """Make the team, the administrator and the resources that were found, unless another process was faster."""
    await stores.revision.advance(now_ms=now_ms)
    if not await is_first_start(stores):
        return
    await create_team(stores, name=TEAM, monthly_budget=None, now_ms=now_ms)
    admin = await create_user(
        stores, name=ADMIN, display_name="Administrator", team=TEAM, groups=(), roles=("administrator", "member"), now_ms=now_ms
    )

    def anything(_target: Target) -> None:
        """Nobody else is there yet to be asked."""

    await apply(stores, found, engine_url=engine_url, sealer=sealer, require=anything, by=admin.id, now_ms=now_ms)


async def ensure_local_key(stores: Stores, *, present: str | None, keep: Callable[[str], None], now_ms: int) -> None:
    """See to it that this machine has a management key that is good: `present` if it is, else a new one given to `keep`."""
    if present is not None:
        known = await stores.keys.by_digest(digest(present))
        if known is not None and known.usable(now_ms):
            return
    taken = {key.name for key in await stores.keys.page(after=None, limit=None) if key.revoked_at_ms is None}
    name = next(name for name in (LOCAL_KEY, *(f"{LOCAL_KEY}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    wish = KeyWish(name=name, kind="management", team=TEAM, role="administrator")
    secret, _ = await create_key(stores, wish, by="stoa", now_ms=now_ms)
    keep(secret)
