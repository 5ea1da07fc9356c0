"""Making and revoking keys."""

from collections.abc import Sequence

import msgspec

from stoa.control.people import require_groups, require_name, require_role, require_team
from stoa.domain.keys import INFERENCE_PREFIX, MANAGEMENT_PREFIX, Key, KeyKind
from stoa.domain.periods import period_text, read_period
from stoa.domain.stores import Stores
from stoa.errors import InvalidRequest, NotFound
from stoa.kit.ids import new_id
from stoa.kit.names import did_you_mean
from stoa.kit.tokens import digest, new_token


class KeyWish(msgspec.Struct, frozen=True, kw_only=True):
    """A key to be made. `team` is whose it will be."""

    name: str
    kind: KeyKind = "inference"
    team: str
    groups: Sequence[str] = ()
    role: str | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None
    budget: int | None = None
    per: str | None = None
    time_zone: str | None = None
    project: str | None = None
    expires_at_ms: int | None = None


async def create_key(stores: Stores, wish: KeyWish, *, by: str, now_ms: int) -> tuple[str, Key]:
    """The secret, which is not kept, and the key. Raises InvalidRequest naming the field, Conflict for a name in use."""
    await stores.revision.advance(now_ms=now_ms)
    require_name(wish.name, "key")
    await require_team(stores, wish.team)
    if wish.kind == "inference" and wish.role is not None:
        raise InvalidRequest("An inference key has no role; only management keys act on /api.", param="role")
    if wish.kind == "management" and wish.role is None:
        raise InvalidRequest("A management key needs a role, such as operator or auditor.", param="role")
    _check_limits(wish)
    if wish.expires_at_ms is not None and wish.expires_at_ms <= now_ms:
        raise InvalidRequest("expires_at lies in the past.", param="expires_at")
    prefix = INFERENCE_PREFIX if wish.kind == "inference" else MANAGEMENT_PREFIX
    secret = new_token(prefix)
    key = Key(
        id=new_id("key"),
        name=wish.name,
        kind=wish.kind,
        digest=digest(secret),
        hint=f"{prefix}…{secret[-4:]}",
        team=wish.team,
        role=require_role(wish.role, param="role") if wish.role is not None else None,
        groups=await require_groups(stores, wish.groups),
        requests_per_minute=wish.requests_per_minute,
        tokens_per_minute=wish.tokens_per_minute,
        parallel=wish.parallel,
        budget=wish.budget,
        budget_period=_period(wish),
        project=wish.project,
        created_by=by,
        created_at_ms=now_ms,
        expires_at_ms=wish.expires_at_ms,
    )
    await stores.keys.save(key)
    return secret, key


def _check_limits(wish: KeyWish) -> None:
    if wish.requests_per_minute is not None and not 0 <= wish.requests_per_minute < 2**31:
        raise InvalidRequest("requests_per_minute is at least 0, where 0 is no limit.", param="requests_per_minute")
    if wish.tokens_per_minute is not None and not 1 <= wish.tokens_per_minute < 2**63:
        raise InvalidRequest("tokens_per_minute is at least 1; leave it out for no limit.", param="tokens_per_minute")
    if wish.parallel is not None and not 1 <= wish.parallel < 2**31:
        raise InvalidRequest("parallel is at least 1; leave it out for no limit.", param="parallel")
    if wish.budget is not None and not 0 <= wish.budget < 2**63:
        raise InvalidRequest(
            "A budget is an amount of at least 0 and below 9.2 thousand million US dollars.", param="budget_usd"
        )
    if wish.project is not None:
        require_name(wish.project, "project", param="project")
    if wish.kind == "management":
        for name in ("requests_per_minute", "tokens_per_minute", "parallel", "budget", "project"):
            if getattr(wish, name) is not None:
                param = "budget_usd" if name == "budget" else name
                raise InvalidRequest(f"A management key asks no models, so it has no {param}.", param=param)


def _period(wish: KeyWish) -> str | None:
    """Of its budget. Raises InvalidRequest for one without a budget, and for a period or time zone that there is not."""
    if wish.budget is None:
        for name in ("per", "time_zone"):
            if getattr(wish, name) is not None:
                raise InvalidRequest(f"{name} is of a budget, and this key has none; write budget_usd too.", param=name)
        return None
    per, zone = read_period(f"{wish.per or 'month'} {wish.time_zone or 'UTC'}")
    return period_text(per, zone)


async def find_key(stores: Stores, name_or_id: str) -> Key:
    """A key by name or id. Raises NotFound."""
    key = await stores.keys.find(name_or_id)
    if key is None:
        in_use = [key.name for key in await stores.keys.page(after=None, limit=None) if key.revoked_at_ms is None]
        raise NotFound(f"There is no key {name_or_id!r} in use.{did_you_mean(name_or_id, in_use)}", param="name")
    return key


async def revoke_key(stores: Stores, key: Key, *, now_ms: int) -> Key:
    """Make a key worthless; a key that was revoked before stays as it was."""
    await stores.revision.advance(now_ms=now_ms)
    if key.revoked_at_ms is not None:
        return key
    revoked = msgspec.structs.replace(key, revoked_at_ms=now_ms)
    await stores.keys.save(revoked)
    return revoked
