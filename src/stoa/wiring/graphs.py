"""The knowledge graph, put together: in the home folder."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the function
    from stoa.domain.triples import GraphQueries


@asynccontextmanager
async def open_graphs(settings: Settings) -> "AsyncGenerator[GraphQueries]":
    """What answers queries, while this is open. It starts a process with the first one."""
    from stoa.adapters.triples.folder import FolderQueries
    from stoa.knowledge.vocabulary import PREFIXES

    wanted = settings.graph
    queries = FolderQueries(settings.home_folder.triples, prefixes=PREFIXES, at_once=wanted.at_once, views=wanted.views)
    try:
        yield queries
    finally:
        await queries.close()
