"""`stoa document`: what is in a collection, and who may read it."""

from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

documents = typer.Typer(
    name="document", help="Documents: list, trace what was made of them, say who may read them.", no_args_is_help=True
)


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


@verb(documents, "trace", action="document:read")
def trace(
    ctx: typer.Context,
    document: Annotated[str, typer.Argument(help="Id, as `stoa document list` shows it.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON, with every passage.")] = False,
) -> None:
    """Show what a document's passages were made from: its bytes, and the versions of what read, cut and embedded them."""
    with target(ctx).connect() as api:
        found = api.get(f"/api/documents/{values.segment(document)}/provenance")
    if json:
        output.as_json(found)
        return
    output.table(("of", "what"), _lines(found), empty="")


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:  # Any: JSON as the API documents it
    """What is known of a document, each with its name; what is not known is left out."""
    row, raw, made, now = found["document"], found["raw"], found["made_by"], found["now"]
    traits: dict[str, Any] = row["traits"] or {}  # Any: as above
    original = traits.get("duplicate_of")
    lines = [
        ("document", f"{row['path']} ({row['title']}), {row['state']}"),
        ("bytes", f"{raw['digest']}, {raw['bytes']:,}, {'kept as ' + raw['object'] if raw['kept'] else 'not kept'}"),
        ("read by", ", ".join(filter(None, (f"version {made['parser']}" if made["parser"] else "", made["reader"])))),
        ("cut by", f"version {made['chunker']}" if made["chunker"] else ""),
        ("embedded by", made["embedder"]),
        ("passages", f"{len(found['chunks'])}{_pages(row)}"),
        ("up to date", "yes" if found["current"] else f"no: version {now['parser']} reads, {now['chunker']} cuts now"),
        ("language", traits.get("language") or ""),
        ("date", traits.get("date") or ""),
        ("about", ", ".join(traits.get("keywords", ()))),
        ("names", ", ".join(traits.get("entities", ()))),
        ("personal data", ", ".join(traits.get("personal", ()))),
        ("says the same as", f"{original['path']} ({original['id']})" if original else ""),
        *(("note", note) for note in traits.get("notes", ())),
    ]
    return [line for line in lines if line[1]]


def _pages(row: dict[str, Any]) -> str:  # Any: as above
    return f" from {row['pages']} pages" if row["pages"] else ""


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
