"""Running a query for somebody: whether they may, with which values, and where."""

from collections.abc import Sequence

from stoa.control.datastore_fields import teams_of
from stoa.domain.datastores import Lookup, Query, QueryRunner, Rows, bound, open_to
from stoa.domain.resources import Datastore, Resource
from stoa.domain.snapshot import Unsealer
from stoa.errors import Forbidden, NotFound
from stoa.kit.names import did_you_mean


async def look_up(lookup: Lookup, resources: Sequence[Resource], *, runner: QueryRunner, unsealer: Unsealer) -> Rows:
    """Raises InvalidRequest, NotFound, Forbidden and SourceError. `lookup.tool` is `datastore/query`."""
    datastore, query = found(lookup.tool, resources)
    if not open_to(teams_of(datastore, query), lookup.team):
        raise Forbidden(f"Team {lookup.team!r} may not ask {lookup.tool!r}.", param="tool")
    parameters = bound(query, lookup)
    url = unsealer.open(datastore.credentials["url"]) if "url" in datastore.credentials else datastore.url or ""
    return await runner.run(url, query.sql, parameters, most_rows=query.most_rows, longest_s=query.longest_s)


def found(tool: str, resources: Sequence[Resource]) -> tuple[Datastore, Query]:
    """Raises NotFound, naming what there is."""
    name, _, asked = tool.partition("/")
    datastores = {each.name: each for each in resources if isinstance(each, Datastore)}
    if name not in datastores:
        raise NotFound(f"There is no datastore {name[:80]!r}.{did_you_mean(name[:80], datastores)}", param="datastore")
    queries = {each.name: each for each in datastores[name].queries}
    if asked not in queries:
        raise NotFound(
            f"The datastore {name!r} has no query {asked[:80]!r}; it has: {', '.join(queries)}."
            f"{did_you_mean(asked[:80], queries)}",
            param="query",
        )
    return datastores[name], queries[asked]
