"""`stoa document`: what is in a collection, and who may read it."""

from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

documents = typer.Typer(name="document", help="Documents: list, say who may read them.", no_args_is_help=True)


@verb(documents, "list", action="document:list")
def list_documents(
    ctx: typer.Context,
    collection: Annotated[str, typer.Argument(help="Of this collection.")],
    search: Annotated[str | None, typer.Option(help="Only those whose path or title contains this.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the documents that you may read, with their rights."""
    with target(ctx).connect() as api:
        found = list(api.each(f"/api/collections/{values.segment(collection)}/documents", search=search))
    if json:
        output.as_json(found)
        return
    output.table(
        ("id", "path", "state", "allow", "deny"),
        [(each["id"], each["path"], each["state"], each["acl"], each["deny"]) for each in found],
        empty=f"There is no document in {collection!r} that you may read. Add some with: stoa ingest PATH --collection NAME",
    )


@verb(documents, "share", action="document:share")
def share(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Ids, as `stoa document list` shows them.", metavar="DOCUMENT...")],
    allow: Annotated[str, typer.Option(help="Whoever holds one of these may read them: group:hr,user:ada,team:lab,public")],
    deny: Annotated[str, typer.Option(help="And nobody who holds one of these: group:interns,user:bob")] = "",
) -> None:
    """Say who may read documents, instead of those before. In force for questions within two seconds."""
    wanted = {"allow": values.names(allow), "deny": values.names(deny)}
    with target(ctx).connect() as api:
        for each in ids:
            api.put(f"/api/documents/{values.segment(each)}/rights", wanted)
    but = f", but not for {', '.join(wanted['deny'])}" if wanted["deny"] else ""
    output.note(f"{len(ids)} {'document is' if len(ids) == 1 else 'documents are'} for {', '.join(wanted['allow'])}{but}.")
