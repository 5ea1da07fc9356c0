"""The first start, alone and with others at once, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from stoa.adapters.database.migrate import migrate
from stoa.control.bootstrap import ensure_local_key, first_start
from stoa.domain.resources import Model, Provider, Resource
from stoa.settings import DatabaseSettings, Settings
from stoa.wiring import Control, control, now_ms

FOUND: Sequence[Resource] = (
    Provider(name="openai", base_url="https://api.openai.com/v1", api_key="sk-geheim", description="found by OPENAI_API_KEY"),
    Model(name="gpt", provider="openai"),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def settings(request: pytest.FixtureRequest, control_settings: Settings) -> Settings:
    if request.param == "sqlite":
        return control_settings
    made = msgspec.structs.replace(
        control_settings, database=DatabaseSettings(url=request.getfixturevalue("postgres_url"), pool_size=3)
    )
    await migrate(made.database_url, made.home_folder)
    return made


async def begin(parts: Control) -> None:
    async with parts.write() as stores:
        await first_start(stores, FOUND, engine_url=parts.engine_url, sealer=parts.secrets, now_ms=now_ms())


async def test_several_starters_make_one_first_user_and_one_local_key(settings: Settings) -> None:
    async def start() -> None:
        async with control(settings):
            pass

    await asyncio.gather(*(start() for _ in range(4)))
    async with control(settings) as parts, parts.read() as stores:
        assert [user.name for user in await stores.users.page(after=None, limit=None)] == ["admin"]
        assert [key.name for key in await stores.keys.page(after=None, limit=None)] == ["local-cli"]


async def test_what_was_found_is_applied_once_and_its_key_is_sealed(settings: Settings) -> None:
    async with control(settings) as parts:
        async with parts.database.write() as connection:
            for table in ("sessions", "sign_in_links", "user_roles", "users", "keys", "teams"):
                await connection.exec_driver_sql(f"DELETE FROM {table}")
        await asyncio.gather(*(begin(parts) for _ in range(3)))
        async with parts.read() as stores:
            provider, model = sorted(await stores.resources.all(), key=lambda each: each.name, reverse=True)
        assert isinstance(provider, Provider)
        assert provider.api_key is not None
        assert parts.secrets.open(provider.api_key) == "sk-geheim"
        assert model == FOUND[1]
        snapshot = await parts.feed.refresh()
        assert "gpt" in snapshot.models


async def test_the_local_key_outlives_a_restart_and_is_made_anew_when_lost(settings: Settings) -> None:
    file = settings.home_folder.secrets / "cli.key"
    async with control(settings):
        first = file.read_text()
    async with control(settings):
        assert file.read_text() == first
    file.unlink()
    async with control(settings) as parts, parts.read() as stores:
        assert file.read_text() != first
        assert [key.name for key in await stores.keys.page(after=None, limit=None)] == ["local-cli", "local-cli-2"]


async def test_a_key_of_another_database_is_replaced(settings: Settings) -> None:
    file = settings.home_folder.secrets / "cli.key"
    file.write_text("sk-stoa-mgmt-of-another-database\n")
    async with control(settings) as parts, parts.read() as stores:
        assert file.read_text() != "sk-stoa-mgmt-of-another-database\n"
        kept: list[str] = []
        await ensure_local_key(stores, present=file.read_text().strip(), keep=kept.append, now_ms=now_ms())
        assert kept == []
