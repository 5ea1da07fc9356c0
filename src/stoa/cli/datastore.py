"""`stoa datastore`: the queries of a datastore, tried before an assistant depends on them."""

from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import InvalidRequest

datastores = typer.Typer(name="datastore", help="Databases that assistants may ask: run a query.", no_args_is_help=True)


@verb(datastores, "query", action="datastore:query")
def query(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the datastore.")],
    asked: Annotated[str, typer.Argument(metavar="QUERY", help="Name of the query.")],
    parameters: Annotated[list[str] | None, typer.Option("--param", "-p", help="NAME=VALUE, once for each.")] = None,
    team: Annotated[str | None, typer.Option(help="On behalf of this team, where the key is of none.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Run one query with values, as an assistant would have it run for you."""
    arguments = dict(_pair(each) for each in parameters or ())
    path = f"/api/datastores/{values.segment(name)}/queries/{values.segment(asked)}"
    with target(ctx).connect() as api:
        found = api.post(path, {"arguments": arguments, **({"team": team} if team else {})})
    if json:
        output.as_json(found)
        return
    rows = [["" if value is None else str(value) for value in row] for row in found["rows"]]
    output.table(tuple(found["columns"]), rows, empty="No rows.")
    if found["more"]:
        output.note("There are more rows than the query's limit.")


def _pair(text: str) -> tuple[str, Any]:
    """`days=3` is a number, `code="3"` a text. Any: as YAML reads it."""
    import yaml  # late: most verbs need none

    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest(f"--param is NAME=VALUE, but it is {text!r}")
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError:
        read = value
    return name, read if isinstance(read, bool | int | float | str) else value
