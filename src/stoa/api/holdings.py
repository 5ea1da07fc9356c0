"""What the routes of documents share: which collections a caller may use, whose rights new documents get, where bytes go."""

import hashlib
from collections.abc import AsyncIterable, Sequence

from stoa.api.access import Caller
from stoa.control.rights import TagReader, or_team
from stoa.domain.documents import Objects, raw_name
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.domain.stores import Stores
from stoa.domain.syncs import PREFIX
from stoa.errors import InvalidRequest, NotFound, TooLarge
from stoa.kit.names import did_you_mean
from stoa.knowledge.intake import File
from stoa.policy.decide import Target


def target_of(collection: Collection) -> Target:
    return Target("Collection", id=collection.name, team=collection.team)


async def collections_for(stores: Stores, caller: Caller) -> list[Collection]:
    """Those to which the caller may do what the route is about, by name."""
    every = [each for each in await stores.resources.all() if isinstance(each, Collection)]
    return sorted((each for each in every if caller.may(target_of(each))), key=lambda each: each.name)


async def collection_named(stores: Stores, caller: Caller, name: str) -> Collection:
    """Raises NotFound for one that is not there or not the caller's to know of."""
    found = await collections_for(stores, caller)
    for each in found:
        if each.name == name:
            return each
    names = [each.name for each in found]
    raise NotFound(f"There is no collection {name!r} here for you.{did_you_mean(name, names)}", param="name")


async def rights_of(
    stores: Stores, collection: Collection, *, groups: Sequence[str] = (), allow: Sequence[str] = (), deny: Sequence[str] = ()
) -> Rights:
    """For the groups and whoever else is named, or for the collection's team. Raises InvalidRequest for who is not there."""
    reader = TagReader(stores)
    named = await reader.rights(allow, deny)
    return or_team(Rights(named.allow | await reader.groups(groups), named.deny), collection.team)


def require_no_source(source: str) -> None:
    """Raises InvalidRequest where uploads call themselves what documents of a resource of the kind Source do."""
    if source.startswith(PREFIX):
        raise InvalidRequest(
            f"'source' may not begin with {PREFIX!r}: those documents come from a source that was applied.", param="source"
        )


async def keep(objects: Objects, pieces: AsyncIterable[bytes], *, path: str, limit: int) -> File:
    """Store a file's bytes under their digest. Raises TooLarge."""
    data, digest = bytearray(), hashlib.sha256()
    async for piece in pieces:
        data += piece
        digest.update(piece)
        if len(data) > limit:
            raise TooLarge(f"{path!r} is larger than {limit:,} bytes (worker.document_bytes).", param="files")
    await objects.put(raw_name(digest.hexdigest()), bytes(data))
    return File(path, digest.hexdigest(), len(data))
