"""What of a source contradicts itself or cannot work, how its credentials are kept, and that its tags mean somebody."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from stoa.control.header_fields import MASK
from stoa.control.rights import TagReader
from stoa.domain.desired import Sealer
from stoa.domain.periods import zone_of
from stoa.domain.resources import Source
from stoa.domain.schedules import Hours, interval_ms
from stoa.domain.sources import Bucket, Folder, Git, Mail, Origin, Plugin, Push, Sql, Website
from stoa.domain.stores import Stores
from stoa.errors import Conflict, InvalidRequest

LEAST_EVERY_S = 10
"""More often than this a source is watched rather than listed."""


def check(source: Source) -> None:
    """Raises InvalidRequest naming source and field."""
    _check_origin(source)
    if source.watch and not isinstance(source.origin, Folder):
        raise _wrong(source, "watch", "only folders can be watched; say how often to look, with every")
    if isinstance(source.origin, Push) and (source.every is not None or source.window is not None):
        raise _wrong(source, "every", "nothing is fetched from a source of type 'push', so it has neither every nor window")
    if source.every is not None and interval_ms(source.every) < LEAST_EVERY_S * 1000:
        raise _wrong(source, "every", f"{source.every} is too often; {LEAST_EVERY_S}s is the least")
    try:
        zone_of(source.time_zone)
        if source.window is not None:
            Hours(source.window, source.time_zone)
    except InvalidRequest as error:
        raise _wrong(source, error.param or "window", error.message.rstrip(".")) from None
    for field in ("include", "exclude"):
        if "" in getattr(source, field):
            raise _wrong(source, field, "an empty pattern fits no path")


async def require_people(stores: Stores, source: Source) -> None:
    """Whoever its tags name is there. Raises InvalidRequest."""
    try:
        await TagReader(stores).rights(source.allow, source.deny)
    except InvalidRequest as error:
        raise _wrong(source, error.param or "allow", error.message.rstrip(".")) from None


def require_same_collection(before: Source, after: Source) -> None:
    """Raises Conflict: its documents lie in the collection that it had."""
    if before.collection != after.collection:
        raise Conflict(
            f"The source {after.name!r} brings documents into {before.collection!r}. Make another source for "
            f"{after.collection!r}, and delete this one, which takes its documents away.",
            param="collection",
        )


def seal_source(source: Source, *, before: Source | None, sealer: Sealer) -> Source:
    """As it is kept: a credential that did not change, or was sent back masked, keeps its sealed form, at the same place alone.

    Raises InvalidRequest.
    """
    kept = before.credentials if before is not None else {}

    def sealed(name: str, value: str) -> str:
        field, there = f"credentials.{name}", kept.get(name)
        if value == MASK:
            if there is None:
                raise _wrong(source, field, f"{MASK!r} stands for a stored secret, and there is none")
            if before is not None and _place(before.origin) != _place(source.origin):
                raise _wrong(source, field, "a stored secret does not follow to another place; send it again")
            return there
        if "${env:" in value:
            raise _wrong(source, field, "${env:NAME} was not filled in; `stoa apply` does that")
        return there if there is not None and sealer.open(there) == value else sealer.seal(value)

    return msgspec.structs.replace(
        source, credentials={name: sealed(name, value) for name, value in source.credentials.items()}
    )


def each_credential(source: Source, change: Callable[[str], str]) -> Source:
    return msgspec.structs.replace(source, credentials={name: change(value) for name, value in source.credentials.items()})


def _check_origin(source: Source) -> None:
    match source.origin:
        case Folder(path=path):
            if not path.startswith("/"):
                raise _wrong(source, "origin.path", f"{path!r} must be an absolute path, such as /srv/handbook")
        case Mail(path=path, host=host):
            if (path is None) == (host is None):
                raise _wrong(source, "origin", "mail lies either at a path or with a host; name one of the two")
        case Sql(url=url):
            if (url is None) == ("url" not in source.credentials):
                raise _wrong(source, "origin.url", "name it here or, if it holds a password, as url in credentials")
            if not source.origin.text_columns:
                raise _wrong(source, "origin.text_columns", "name at least one column")
            _no_password(source, url)
        case Git(url=url) | Website(url=url) | Bucket(endpoint=url):
            _no_password(source, url)
        case _:
            pass


def _no_password(source: Source, url: str | None) -> None:
    if url is not None and urlsplit(url).password is not None:
        raise _wrong(source, "origin", "a URL is no place for a password; use credentials")


def _place(origin: Origin) -> tuple[object, ...]:
    """Who is shown the credentials of an origin."""
    match origin:
        case Bucket():
            return "bucket", origin.endpoint, origin.bucket
        case Git() | Website() | Sql():
            return type(origin).__name__, origin.url
        case Mail():
            return "mail", origin.host, origin.port, origin.tls
        case Plugin():
            return "plugin", origin.plugin, tuple(sorted(origin.options.items()))
        case _:
            return (type(origin).__name__,)


def _wrong(source: Source, field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"Source {source.name!r}, field {field!r}: {what}.", param=field)
