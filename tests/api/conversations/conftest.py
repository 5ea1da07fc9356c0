"""Control's application with a model that answers from a script, and people who are signed in to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.opening import opener
from stoa.adapters.gateway_client.scripted import ScriptedChat
from stoa.api.control import create_app
from stoa.control.turns import Turns
from stoa.domain.chat import AnswerText
from stoa.settings import Settings
from stoa.wiring import Control, control, now_ms

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def chat() -> ScriptedChat:
    """What every question is answered with."""
    return ScriptedChat([AnswerText("Up to "), AnswerText("180 €.")])


@pytest.fixture
async def app(control_settings: Settings, chat: ScriptedChat) -> AsyncIterator[FastAPI]:
    @asynccontextmanager
    async def scripted(settings: Settings) -> AsyncIterator[Control]:
        async with control(settings) as parts:
            write = opener(parts.database.write, ConversationTables)
            turns = Turns(write=write, chat=chat, now_ms=now_ms, save_every=timedelta(milliseconds=5))
            yield replace(parts, turns=turns)
            await turns.close()

    started = create_app(control_settings, scripted)
    async with started.router.lifespan_context(started):
        yield started


@pytest.fixture
async def administrator(app: FastAPI, control_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client with this machine's own management key."""
    key = (control_settings.home_folder.secrets / "cli.key").read_text().strip()
    async with _client(app) as client:
        client.headers["authorization"] = f"Bearer {key}"
        yield client


@pytest.fixture
async def sign_in(app: FastAPI, administrator: httpx.AsyncClient) -> AsyncIterator[SignIn]:
    """`await sign_in(name, *roles)`: a client of a new user, a member if no role is named, who is signed in."""
    async with AsyncExitStack() as clients:

        async def signed_in(name: str, *roles: str) -> httpx.AsyncClient:
            user = {"name": name, "roles": roles or ("member",)}
            assert (await administrator.post("/api/users", json=user)).status_code == 201
            link = (await administrator.post("/api/sign-in-links", json={"user": name})).json()["url"]
            client = await clients.enter_async_context(_client(app))
            session = (await client.post("/api/sessions", json={"token": link.partition("token=")[2]})).json()
            client.headers["x-csrf-token"] = session["csrf_token"]
            return client

        yield signed_in


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stoa.test")
