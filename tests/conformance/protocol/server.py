"""Control with `/mcp` as it is, over the suite's things: prints its URL, and serves until it is stopped.

    python -m tests.conformance.protocol.server HOME

Whoever asks has the key of this machine: the suite sends none.
"""

import asyncio
import socket
import sys
from collections.abc import MutableMapping
from typing import Any

import uvicorn
from tests.conformance.protocol.things import things

from stoa.adapters.database.migrate import migrate
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.api.control import create_app
from stoa.api.mcp.endpoint import Mcp
from stoa.settings import Settings


class Keyed:
    """Adds the key to every request."""

    def __init__(self, app: Any, key: str) -> None:
        self._app, self._key = app, key

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["headers"] = [*scope["headers"], (b"authorization", b"Bearer " + self._key.encode())]
        await self._app(scope, receive, send)


async def main(home: str) -> None:
    settings = Settings(home=home, discover=False)
    settings.home_folder.prepare()
    await migrate(settings.database_url, settings.home_folder)
    nowhere = RoleEntry(url="http://127.0.0.1:9")
    roles = Roles(supervisor=1, gateway=nowhere, control=nowhere, worker=nowhere, engine=nowhere)
    write_roles(settings.home_folder, roles)
    app = create_app(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with app.router.lifespan_context(app):
            app.state.mcp = Mcp(things)
            key = (settings.home_folder.secrets / "cli.key").read_text().strip()
            config = uvicorn.Config(Keyed(app, key), lifespan="off", log_level="warning")
            print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
            await uvicorn.Server(config).serve(sockets=[listener])
            await app.state.mcp.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
