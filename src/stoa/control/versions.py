"""What a change makes of a resource is kept as its next version."""

import msgspec

from stoa.control.differences import differences
from stoa.control.reading import kind_of
from stoa.control.sealing import mask
from stoa.domain.resources import Resource
from stoa.domain.stores import Stores
from stoa.domain.versions import Fields, ResourceVersion, VersionChange


async def keep(
    stores: Stores, before: Resource | None, after: Resource | None, *, by: str, now_ms: int, restored: int | None = None
) -> None:
    """Keep what a change has made of a resource, `after` None where it is deleted. Both have their secrets sealed.

    A sealed secret that did not change is the same text, so that there is a new one shows although no value is kept.
    """
    resource = after if after is not None else before
    assert resource is not None
    last = await stores.versions.last(kind_of(resource), resource.name)
    differ = differences(_fields(before), _fields(after)) if before is not None and after is not None else ()
    await stores.versions.add(
        ResourceVersion(
            kind=kind_of(resource),
            name=resource.name,
            version=last.version + 1 if last is not None else 1,
            change=_change(before, after, restored),
            fields=tuple(each.field for each in differ),
            spec=_fields(mask(after)) if after is not None else None,
            restored=restored,
            at_ms=now_ms,
            by=by,
        )
    )


def _change(before: Resource | None, after: Resource | None, restored: int | None) -> VersionChange:
    if after is None:
        return "deleted"
    if restored is not None:
        return "restored"
    return "created" if before is None else "changed"


def _fields(resource: Resource | None) -> Fields:
    return msgspec.to_builtins(resource)
