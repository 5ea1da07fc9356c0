"""The control role in this process, on a fresh home, and principals of every kind to call it as."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import tests.statements  # noqa: F401 - databases share what it keeps
from fastapi import FastAPI
from tests.api.company import Company

from stoa.adapters.database.migrate import migrate
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.gateway_client.direct import DirectFinder
from stoa.adapters.gateway_client.scripted import ScriptedWarden
from stoa.adapters.graph.memory import MemoryGraph
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.api.control import create_app
from stoa.knowledge.retrieve import HybridRetriever
from stoa.settings import Settings
from stoa.wiring import Control


@dataclass(frozen=True)
class Running:
    """The application, and ways to call it."""

    app: FastAPI

    @property
    def parts(self) -> Control:
        return self.app.state.parts

    def client(self, bearer: str | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return httpx.AsyncClient(transport=transport, base_url="http://stoa.test", headers=headers)

    @property
    def local_key(self) -> str:
        return (self.parts.settings.home_folder.secrets / "cli.key").read_text().strip()

    async def signed_in(self, user: str) -> httpx.AsyncClient:
        """A browser in which the user has signed in, with the CSRF header set."""
        async with self.client(self.local_key) as administrator:
            link = (await administrator.post("/api/sign-in-links", json={"user": user})).json()["url"]
        async with self.client() as visitor:
            answer = await visitor.post("/api/sessions", json={"token": link.partition("token=")[2]})
        assert answer.status_code == 201, answer.text
        browser = self.client()
        browser.cookies = visitor.cookies
        browser.headers["x-csrf-token"] = answer.json()["csrf_token"]
        return browser

    async def administer(self, method: str, path: str, body: object = None) -> Any:
        async with self.client(self.local_key) as administrator:
            answer = await administrator.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def add_user(self, name: str, *roles: str, team: str = "company", groups: tuple[str, ...] = ()) -> httpx.AsyncClient:
        await self.administer("POST", "/api/users", {"name": name, "team": team, "groups": groups, "roles": roles})
        return await self.signed_in(name)

    async def add_key(self, name: str, **wanted: object) -> httpx.AsyncClient:
        return self.client((await self.administer("POST", "/api/keys", {"name": name, **wanted}))["key"])


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied: migrating takes longer than most tests."""
    settings = Settings(home=str(tmp_path_factory.mktemp("migrated")))
    asyncio.run(migrate(settings.database_url, settings.home_folder))
    return settings.home_folder.database


@dataclass(frozen=True)
class Founded:
    """A home in which the company was founded, and its people's cookies and CSRF tokens."""

    home: Path
    cookies: dict[str, httpx.Cookies]
    csrf_tokens: dict[str, str]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Founded:
    """To be copied too: founding takes longer than most of what is asked of the company."""
    settings = _settings(tmp_path_factory.mktemp("founded") / "home", migrated)
    return asyncio.run(_found(settings))


@pytest.fixture
def control_settings(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> Settings:
    """Settings of a home that has never been started, or in which the company was founded, for a test of it."""
    home = tmp_path / "home"
    if "company" not in request.fixturenames:
        return _settings(home, migrated)
    shutil.copytree(request.getfixturevalue("founded").home, home)
    return Settings(home=str(home), discover=False)


@pytest.fixture
async def stoa(control_settings: Settings) -> AsyncIterator[Running]:
    app = create_app(control_settings)
    async with app.router.lifespan_context(app):
        yield Running(app)


@pytest.fixture
async def company(stoa: Running, founded: Founded) -> AsyncIterator[Company]:
    embedder, index, graph = HashingEmbedder(), MemoryIndex(), MemoryGraph()
    finder = DirectFinder(HybridRetriever(index, lambda _: embedder, graph=graph), index, graph)
    stoa.app.state.parts = replace(stoa.parts, finder=finder, warden=ScriptedWarden())
    async with stoa.client() as hana, stoa.client() as alex, stoa.client() as other:
        for name, browser in (("hana", hana), ("alex", alex), ("olga", other)):
            browser.cookies = founded.cookies[name]
            browser.headers["x-csrf-token"] = founded.csrf_tokens[name]
        yield Company(stoa, embedder, index, graph, hana, alex, other)


def _settings(folder: Path, migrated: Path) -> Settings:
    """Of a home that is made here, with a migrated database."""
    settings = Settings(home=str(folder), discover=False)
    home = settings.home_folder
    home.prepare()
    shutil.copy(migrated, home.database)
    nowhere = RoleEntry(url="http://127.0.0.1:9")
    write_roles(home, Roles(supervisor=1, gateway=nowhere, control=nowhere, worker=nowhere, engine=nowhere))
    return settings


async def _found(settings: Settings) -> Founded:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        stoa = Running(app)
        await stoa.administer("POST", "/api/groups", {"name": "hr"})
        await stoa.administer("POST", "/api/teams", {"name": "other"})
        resource = {"kind": "Collection", "name": "handbook", "team": "company", "chunk_tokens": 32}
        await stoa.administer("POST", "/api/resources/apply", {"resources": [resource], "dry_run": False})
        people = {
            "hana": await stoa.add_user("hana", "member", "developer", groups=("hr",)),
            "alex": await stoa.add_user("alex", "member", "developer"),
            "olga": await stoa.add_user("olga", "member", "developer", team="other"),
        }
        for browser in people.values():
            await browser.aclose()
    return Founded(
        settings.home_folder.path,
        {name: browser.cookies for name, browser in people.items()},
        {name: browser.headers["x-csrf-token"] for name, browser in people.items()},
    )
