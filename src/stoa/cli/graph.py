"""`stoa graph`: the knowledge graph of a collection, asked in SPARQL, shown by entity, and taken away as triples."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import InvalidRequest

graphs = typer.Typer(name="graph", help="The knowledge graph: query, show, export.", no_args_is_help=True)

_ACCEPT = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "turtle": "text/turtle",
    "n-triples": "application/n-triples",
}
_TABLE = "application/sparql-results+json, text/turtle;q=0.9"

CollectionName = Annotated[str, typer.Argument(help="Of this collection.")]


@verb(graphs, "query", action="graph:query")
def query(
    ctx: typer.Context,
    collection: CollectionName,
    text: Annotated[str | None, typer.Argument(help="A SPARQL query; read from the file if left out.", metavar="QUERY")] = None,
    file: Annotated[str | None, typer.Option(help="A file with the query, or - for standard input.")] = None,
    form: Annotated[str, typer.Option(help=f"table, or as it is sent: {', '.join(_ACCEPT)}.")] = "table",
) -> None:
    """Ask in SPARQL 1.1, over what you may read."""
    if form != "table" and form not in _ACCEPT:
        raise typer.BadParameter(f"{form!r} is none of table, {', '.join(_ACCEPT)}", param_hint="--form")
    if (text is None) == (file is None):
        raise typer.BadParameter("name a query or --file, one of them", param_hint="QUERY")
    asked = text if text is not None else _read(file or "-")
    with target(ctx).connect() as api:
        told = api.form(
            f"/api/collections/{values.segment(collection)}/sparql", {"query": asked}, accept=_ACCEPT.get(form, _TABLE)
        )
    if form == "table" and told.headers.get("content-type", "").startswith("application/sparql-results+json"):
        _table(told.json())
    else:
        output.result(told.text.rstrip("\n"))


@verb(graphs, "show", action="graph:query")
def show(
    ctx: typer.Context,
    collection: CollectionName,
    entity: Annotated[str, typer.Argument(help="Its name, or its IRI.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What documents say of an entity, and where."""
    with target(ctx).connect() as api:
        found = api.get(f"/api/collections/{values.segment(collection)}/entity", entity=entity)
    if json:
        output.as_json(found)
        return
    label = found["labels"][0]
    output.note(f"{label}, {found['iri']}; also in: {', '.join(sorted({said['title'] for said in found['passages']})) or '-'}")
    output.table(
        ("subject", "property", "object", "said in"),
        [_fact(label, fact) for fact in found["facts"]],
        empty="Documents name it, and say nothing of it that the rules found.",
    )
    if found["more"]:
        output.note("There is more; ask for the rest with: stoa graph query")


@verb(graphs, "export", action="graph:query")
def export(
    ctx: typer.Context,
    collection: CollectionName,
    to: Annotated[Path | None, typer.Option(help="A file for it; standard output if left out.")] = None,
) -> None:
    """Everything that documents say which you may read, as N-Triples. What several say comes once for each."""
    with target(ctx).connect() as api, api.download(f"/api/collections/{values.segment(collection)}/graph/triples") as pieces:
        if to is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        with to.open("wb") as kept:
            size = sum(kept.write(piece) for piece in pieces)
    output.note(f"{size:,} bytes are in {str(to)!r}.")


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The query cannot be read from {file!r}: {error}.", param="file") from None


def _table(told: Any) -> None:  # Any: SPARQL's JSON
    if "boolean" in told:
        output.result("yes" if told["boolean"] else "no")
        return
    columns = told["head"]["vars"]
    rows = [[row[name]["value"] if name in row else None for name in columns] for row in told["results"]["bindings"]]
    output.table(columns, rows, empty="No row. What you may not read is not in your graph.")


def _fact(label: str, fact: Any) -> tuple[str, ...]:  # Any: JSON as the API documents it
    other = fact["node"]["label"] if fact["node"] else fact["value"]
    said = ", ".join(dict.fromkeys(each["title"] for each in fact["said"]))
    subject, object_ = (other, label) if fact["inverse"] else (label, other)
    return subject, fact["property"]["label"], object_, said
