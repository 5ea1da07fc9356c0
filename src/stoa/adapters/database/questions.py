"""What two indexes of a collection are asked when they are compared."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from stoa.adapters.database.documents import DocumentTable
from stoa.adapters.database.engine import Database
from stoa.adapters.database.evaluation import EvaluationTables
from stoa.adapters.database.tables import documents
from stoa.domain.evaluation import Judgement
from stoa.domain.identity import AccessTag

TITLES = 60
"""Documents whose titles are asked where nothing was judged."""

_MOST_QUERIES = 200


async def judged_in(database: Database, collection: str) -> tuple[str | None, Mapping[str, Sequence[Judgement]]]:
    """The collection's evaluation set with the most judgements, and those by query; none where there is no set."""
    async with database.read() as connection:
        tables = EvaluationTables(connection)
        sets = [each for each in await tables.all([collection]) if each.judgements]
        if not sets:
            return None, {}
        chosen = max(sets, key=lambda each: (each.judgements, each.name))
        queries = await tables.queries(chosen.name, limit=_MOST_QUERIES)
        by_query: dict[str, list[Judgement]] = {query: [] for query in queries}
        for each in await tables.judgements(chosen.name, queries):
            by_query[each.query].append(each)
    return chosen.name, by_query


async def titles_in(database: Database, collection: str) -> Sequence[str]:
    """Titles of some documents, spread over all of them."""
    indexed = (documents.c.collection == collection, documents.c.state == "indexed")
    async with database.read() as connection:
        found = list(await connection.scalars(select(documents.c.title).where(*indexed).order_by(documents.c.id)))
    return list(dict.fromkeys(found[:: max(1, len(found) // TITLES)]))[:TITLES]


async def tags_in(database: Database, collection: str) -> frozenset[AccessTag]:
    """Every tag that opens a document of the collection."""
    async with database.read() as connection:
        found = await connection.scalars(select(documents.c.acl).where(documents.c.collection == collection).distinct())
        return frozenset(tag for tags in found for tag in tags)


async def digests_of(database: Database, ids: Sequence[str]) -> Mapping[str, str]:
    """By document."""
    async with database.read() as connection:
        return {each.id: each.digest for each in (await DocumentTable(connection).read(ids)).values()}
