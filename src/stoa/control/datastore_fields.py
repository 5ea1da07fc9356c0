"""What of a datastore contradicts itself, how its URL is kept, and the tools that its queries are to assistants."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import msgspec

from stoa.control.header_fields import MASK
from stoa.domain.datastores import Query, Tool, check_query, function_name
from stoa.domain.desired import Sealer
from stoa.domain.resources import Assistant, Datastore, Resource
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean


def check(datastore: Datastore) -> None:
    """Raises InvalidRequest naming datastore and field."""
    if unknown := sorted(set(datastore.credentials) - {"url"}):
        raise _wrong(datastore, f"credentials.{unknown[0]}", "the only credential is 'url'")
    if (datastore.url is None) == ("url" not in datastore.credentials):
        raise _wrong(datastore, "url", "name the database by url or, if that holds a password, by url in credentials")
    if datastore.url is not None and urlsplit(datastore.url).password is not None:
        raise _wrong(datastore, "url", "a URL with a password goes into credentials")
    seen = set[str]()
    for number, query in enumerate(datastore.queries):
        if query.name in seen:
            raise _wrong(datastore, f"queries[{number}].name", f"there are two queries {query.name!r}")
        seen.add(query.name)
        try:
            check_query(query, param=f"queries[{number}]")
        except InvalidRequest as error:
            raise _wrong(datastore, error.param or "queries", error.message.rstrip(".")) from None


def check_tools(assistant: Assistant, datastores: Iterable[Datastore]) -> None:
    """Its tools are there, and a model can tell them apart. Raises InvalidRequest."""
    known = {each.name: each for each in datastores}
    names: dict[str, str] = {}
    for tool in assistant.tools:
        store, _, query = tool.partition("/")
        datastore = known.get(store)
        if datastore is None:
            hint = did_you_mean(store, known) or f" There is: {', '.join(sorted(known)) or 'none yet'}."
            raise _no_tool(assistant, f"there is no datastore {store!r}.{hint}")
        queries = [each.name for each in datastore.queries]
        if query and query not in queries:
            hint = did_you_mean(query, queries) or f" It has: {', '.join(queries)}."
            raise _no_tool(assistant, f"the datastore {store!r} has no query {query!r}.{hint}")
        for each in [query] if query else queries:
            other = names.setdefault(function_name(f"{store}/{each}"), f"{store}/{each}")
            if other != f"{store}/{each}":
                raise _no_tool(assistant, f"models cannot tell {other!r} from {store + '/' + each!r}")


def seal_datastore(datastore: Datastore, *, before: Datastore | None, sealer: Sealer) -> Datastore:
    """As it is kept: a URL that did not change, or was sent back masked, keeps its sealed form. Raises InvalidRequest."""
    kept = before.credentials if before is not None else {}

    def sealed(name: str, value: str) -> str:
        there = kept.get(name)
        if value == MASK:
            if there is None:
                raise _wrong(datastore, f"credentials.{name}", f"{MASK!r} stands for a stored secret, and there is none")
            return there
        if "${env:" in value:
            raise _wrong(datastore, f"credentials.{name}", "${env:NAME} was not filled in; `stoa apply` does that")
        return there if there is not None and sealer.open(there) == value else sealer.seal(value)

    return msgspec.structs.replace(
        datastore, credentials={name: sealed(name, value) for name, value in datastore.credentials.items()}
    )


def each_credential(datastore: Datastore, change: Callable[[str], str]) -> Datastore:
    changed = {name: change(value) for name, value in datastore.credentials.items()}
    return msgspec.structs.replace(datastore, credentials=changed)


def teams_of(datastore: Datastore, query: Query) -> tuple[str, ...] | None:
    """Who may ask a query; None is everybody. A query opens to nobody who may not ask the datastore."""
    if query.teams is None or datastore.teams is None:
        return datastore.teams if query.teams is None else query.teams
    return tuple(team for team in query.teams if team in datastore.teams)


def tools_of(resources: Iterable[Resource]) -> dict[str, Tool]:
    """Every query by `datastore/query`, as gateways know it: without its SQL."""
    return {
        f"{each.name}/{query.name}": Tool(query.description, dict(query.parameters), teams_of(each, query))
        for each in resources
        if isinstance(each, Datastore)
        for query in each.queries
    }


def _wrong(datastore: Datastore, field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"Datastore {datastore.name!r}, field {field!r}: {what}.", param=field)


def _no_tool(assistant: Assistant, what: str) -> InvalidRequest:
    return InvalidRequest(f"Assistant {assistant.name!r}, field 'tools': {what.rstrip('.')}.", param="tools")
