"""What the fields of limits and budgets must be besides their types."""

from stoa.domain.periods import zone_of
from stoa.domain.resources import Budget, Limit
from stoa.domain.stores import Stores
from stoa.errors import InvalidRequest
from stoa.kit.money import usd
from stoa.kit.names import did_you_mean


def check(resource: Limit | Budget) -> None:
    """Raises InvalidRequest naming the field."""
    try:
        zone_of(resource.time_zone)
    except InvalidRequest as error:
        raise _wrong(resource, "time_zone", error.message.rstrip(".")) from None
    if isinstance(resource, Limit):
        if resource.requests is None and resource.tokens is None and resource.parallel is None:
            raise _wrong(resource, "requests", "it limits nothing; write one of requests, tokens and parallel")
    elif resource.limit_usd is None and resource.warn_usd is None:
        raise _wrong(resource, "limit_usd", "it bounds nothing; write limit_usd, warn_usd or both")
    elif resource.limit_usd is not None and resource.warn_usd is not None and usd(resource.warn_usd) > usd(resource.limit_usd):
        raise _wrong(resource, "warn_usd", f"{resource.warn_usd} would never be said, for {resource.limit_usd} refuses before")


async def require_subject(stores: Stores, resource: Limit | Budget) -> None:
    """The key or user that is named is there now. Raises InvalidRequest."""
    if resource.subject is None or resource.scope not in ("key", "user"):
        return
    if resource.scope == "key":
        known = [each.name for each in await stores.keys.page(after=None, limit=None) if each.revoked_at_ms is None]
    else:
        known = [each.name for each in await stores.users.page(after=None, limit=None)]
    if resource.subject not in known:
        hint = did_you_mean(resource.subject, known)
        raise _wrong(resource, "subject", f"there is no {resource.scope} {resource.subject!r}", hint=hint)


def _wrong(resource: Limit | Budget, field: str, what: str, *, hint: str = "") -> InvalidRequest:
    return InvalidRequest(f"{type(resource).__name__} {resource.name!r}, field {field!r}: {what}.{hint}", param=field)
