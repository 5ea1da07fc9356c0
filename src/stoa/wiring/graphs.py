"""The knowledge graph, put together: in the home folder, or at an endpoint."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the function
    from stoa.domain.triples import GraphQueries


@asynccontextmanager
async def open_graphs(settings: Settings) -> "AsyncGenerator[GraphQueries]":
    """What answers queries, while this is open. It starts a process with the first one, or to work ahead of it."""
    from stoa.adapters.triples.endpoint import EndpointQueries, make_client
    from stoa.adapters.triples.folder import FolderQueries
    from stoa.knowledge.stating.vocabulary import PREFIXES

    wanted, root = settings.graph, settings.home_folder.triples
    if wanted.query_url is None:
        queries = FolderQueries(root, prefixes=PREFIXES, at_once=wanted.at_once, views=wanted.views)
        keeping = asyncio.create_task(queries.keep_ready())
        try:
            yield queries
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await queries.close()
        return
    async with make_client(user=wanted.user, password=wanted.password, token=wanted.token) as client:
        remote = EndpointQueries(
            root, client, query_url=wanted.query_url, update_url=wanted.update_url or wanted.query_url, prefixes=PREFIXES,
            views=wanted.views,
        )  # fmt: skip
        try:
            yield remote
        finally:
            await remote.close()
