"""Versions of resources as they are kept."""

import msgspec

from stoa.adapters.database import Database
from stoa.adapters.database.stores import DatabaseStores
from stoa.domain.versions import ResourceVersion

FIRST = ResourceVersion(
    kind="Assistant", name="desk", version=1, change="created", fields=(), spec={"prompt": "Grüße, 🦊"}, at_ms=7, by="usr_1"
)
SECOND = msgspec.structs.replace(FIRST, version=2, change="restored", fields=("prompt", "a[0].b"), spec={}, restored=1)
THIRD = msgspec.structs.replace(FIRST, version=3, change="deleted", spec=None)
OTHERS = [msgspec.structs.replace(FIRST, name="other", version=9), msgspec.structs.replace(FIRST, kind="Route", version=8)]


async def test_versions_come_back_as_they_were_kept_each_of_its_own_resource(database: Database) -> None:
    async with database.write() as connection:
        for each in (FIRST, SECOND, THIRD, *OTHERS):
            await DatabaseStores(connection).versions.add(each)
    async with database.read() as connection:
        versions = DatabaseStores(connection).versions
        assert await versions.last("Assistant", "desk") == THIRD
        assert await versions.last("Assistant", "none") is None
        assert await versions.get("Assistant", "desk", 2) == SECOND
        assert await versions.get("Assistant", "desk", 9) is None
        assert list(await versions.page("Assistant", "desk", before=None, limit=2)) == [THIRD, SECOND]
        assert list(await versions.page("Assistant", "desk", before=2, limit=2)) == [FIRST]
        assert list(await versions.between("Assistant", "desk", after=1, until=3)) == [SECOND, THIRD]


async def test_what_is_forgotten_leaves_that_it_was(database: Database) -> None:
    async with database.write() as connection:
        for each in (FIRST, SECOND, *OTHERS):
            await DatabaseStores(connection).versions.add(each)
        await DatabaseStores(connection).versions.forget("Assistant", "desk", 1)
    async with database.read() as connection:
        versions = DatabaseStores(connection).versions
        left = await versions.get("Assistant", "desk", 1)
        assert left == msgspec.structs.replace(FIRST, spec=None)
        assert left is not None
        assert left.forgotten
        assert not THIRD.forgotten
        assert await versions.get("Assistant", "desk", 2) == SECOND
        assert [await versions.last(each.kind, each.name) for each in OTHERS] == OTHERS
