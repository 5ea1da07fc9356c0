"""Users, teams, groups, keys, sessions and the revision, the same on SQLite and on PostgreSQL."""

import asyncio

import msgspec
import pytest

from stoa.adapters.database import Database
from stoa.adapters.database.stores import DatabaseStores
from stoa.domain.keys import Key
from stoa.domain.resources import Model, Provider
from stoa.domain.sessions import Session, SignInLink
from stoa.domain.teams import Group, Team
from stoa.domain.users import User
from stoa.errors import Conflict

ANN = User(
    id="u1", name="ann", display_name="Ann", team="red", groups=("hr", "lab"), roles=("auditor", "member"), created_at_ms=1
)
KEY = Key(
    id="k1", name="app", kind="inference", digest="d1", hint="sk-stoa-…1234", team="red", groups=("hr",), created_by="u1",
    created_at_ms=1,
)  # fmt: skip


@pytest.fixture
async def peopled(database: Database) -> Database:
    async with database.write() as connection:
        stores = DatabaseStores(connection)
        await stores.teams.save(Team(name="red", monthly_budget=5, created_at_ms=1))
        for name in ("lab", "hr"):
            await stores.groups.save(Group(name=name, created_at_ms=1))
        await stores.users.save(ANN)
    return database


async def test_a_user_comes_back_as_saved(peopled: Database) -> None:
    async with peopled.read() as connection:
        users = DatabaseStores(connection).users
        assert await users.find("ann") == await users.get("u1") == ANN
        assert await users.find("bob") is None


async def test_a_group_comes_back_with_those_within_it(peopled: Database) -> None:
    async with peopled.write() as connection:
        groups = DatabaseStores(connection).groups
        assert await groups.nested() == []
        await groups.save(Group(name="staff", groups=("hr", "lab"), created_at_ms=2))
        staff = Group(name="staff", groups=("hr", "lab"), created_at_ms=2)
        assert await groups.nested() == [staff]
        assert await groups.all() == [Group(name="hr", created_at_ms=1), Group(name="lab", created_at_ms=1), staff]
        await groups.save(Group(name="staff", created_at_ms=2))
        assert await groups.nested() == []


async def test_saving_a_user_again_replaces_groups_and_roles(peopled: Database) -> None:
    changed = msgspec.structs.replace(ANN, groups=(), roles=("member",), disabled_at_ms=2)
    async with peopled.write() as connection:
        users = DatabaseStores(connection).users
        await users.save(changed)
        assert await users.get("u1") == changed


async def test_two_users_cannot_share_a_name(peopled: Database) -> None:
    with pytest.raises(Conflict, match="'ann'"):
        async with peopled.write() as connection:
            await DatabaseStores(connection).users.save(msgspec.structs.replace(ANN, id="u2"))


async def test_users_are_paged_by_name(peopled: Database) -> None:
    async with peopled.write() as connection:
        users = DatabaseStores(connection).users
        for name in ("cem", "bob"):
            await users.save(msgspec.structs.replace(ANN, id=name, name=name))
        assert [user.name for user in await users.page(after=None, limit=2)] == ["ann", "bob"]
        assert [user.name for user in await users.page(after="bob", limit=2)] == ["cem"]
        assert len(await users.page(after=None, limit=None)) == 3


async def test_teams_and_groups_come_back_in_order(peopled: Database) -> None:
    async with peopled.read() as connection:
        stores = DatabaseStores(connection)
        assert await stores.teams.all() == [Team(name="red", monthly_budget=5, created_at_ms=1)]
        assert [group.name for group in await stores.groups.all()] == ["hr", "lab"]


async def test_a_key_is_found_by_digest_id_and_name(peopled: Database) -> None:
    async with peopled.write() as connection:
        keys = DatabaseStores(connection).keys
        await keys.save(KEY)
        assert await keys.by_digest("d1") == await keys.find("app") == await keys.find("k1") == KEY
        assert await keys.by_digest("other") is None


async def test_a_name_is_free_again_once_its_key_is_revoked(peopled: Database) -> None:
    again = msgspec.structs.replace(KEY, id="k2", digest="d2")
    async with peopled.write() as connection:
        await DatabaseStores(connection).keys.save(KEY)
    with pytest.raises(Conflict, match="'app'"):
        async with peopled.write() as connection:
            await DatabaseStores(connection).keys.save(again)
    async with peopled.write() as connection:
        keys = DatabaseStores(connection).keys
        await keys.save(msgspec.structs.replace(KEY, revoked_at_ms=5))
        await keys.save(again)
        assert await keys.find("app") == again
        assert [key.id for key in await keys.page(after=None, limit=None)] == ["k1", "k2"]


async def test_a_link_is_used_by_exactly_one_of_many(peopled: Database) -> None:
    async with peopled.write() as connection:
        await DatabaseStores(connection).sessions.add_link(SignInLink(digest="l1", user_id="u1", expires_at_ms=100))

    async def use() -> str | None:
        async with peopled.write() as connection:
            return await DatabaseStores(connection).sessions.use_link("l1", now_ms=50)

    used = await asyncio.gather(*(use() for _ in range(8)))
    assert sorted(used, key=str) == [*[None] * 7, "u1"]


async def test_an_expired_link_is_of_no_use(peopled: Database) -> None:
    async with peopled.write() as connection:
        sessions = DatabaseStores(connection).sessions
        await sessions.add_link(SignInLink(digest="l1", user_id="u1", expires_at_ms=100))
        assert await sessions.use_link("l1", now_ms=100) is None


async def test_a_session_ends_by_time_by_hand_and_with_all_of_its_user(peopled: Database) -> None:
    async with peopled.write() as connection:
        sessions = DatabaseStores(connection).sessions
        made = [Session(digest=f"s{n}", user_id="u1", created_at_ms=0, expires_at_ms=100) for n in range(3)]
        for session in made:
            await sessions.add(session)
        assert await sessions.find("s0", now_ms=99) == made[0]
        assert await sessions.find("s0", now_ms=100) is None
        await sessions.end(digest="s0")
        assert await sessions.find("s0", now_ms=1) is None
        assert await sessions.find("s1", now_ms=1) == made[1]
        await sessions.end(user_id="u1")
        assert await sessions.find("s1", now_ms=1) is None


async def test_what_has_expired_is_forgotten(peopled: Database) -> None:
    async with peopled.write() as connection:
        sessions = DatabaseStores(connection).sessions
        await sessions.add(Session(digest="old", user_id="u1", created_at_ms=0, expires_at_ms=100))
        await sessions.add(Session(digest="new", user_id="u1", created_at_ms=0, expires_at_ms=300))
        await sessions.forget_expired(now_ms=200)
        assert await sessions.find("old", now_ms=0) is None
        assert await sessions.find("new", now_ms=0) is not None


async def test_the_revision_only_grows(database: Database) -> None:
    async with database.write() as connection:
        revision = DatabaseStores(connection).revision
        assert await revision.current() == 0
        assert await revision.advance(now_ms=1000) == 1000
        assert await revision.advance(now_ms=1000) == 1001
        assert await revision.advance(now_ms=5) == 1002
        assert await revision.advance(now_ms=2**41) == await revision.current() == 2**41


async def test_resources_come_back_as_saved(database: Database) -> None:
    provider = Provider(name="p", base_url="http://h/v1", api_key="sealed.1.x", headers={"a": "sealed.1.y"})
    model = Model(name="p", provider="p", teams=("red",))
    async with database.write() as connection:
        resources = DatabaseStores(connection).resources
        for each in (provider, model, provider):
            await resources.save(each, now_ms=1, by="u1")
        assert await resources.all() == [model, provider]
        await resources.remove("Model", "p")
        assert await resources.all() == [provider]
        assert await resources.documents("none") == 0
