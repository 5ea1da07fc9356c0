"""`stoa apply`, `diff`, `get`, `delete`: desired state as files."""

import difflib
from typing import Annotated, Any, Literal

import typer

from stoa.cli import manifests, output, values
from stoa.cli.panels import DOCUMENTS
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.settings import environment

Files = Annotated[list[str], typer.Option("--file", "-f", help="A YAML file, a folder of them, or - for standard input.")]
Kind = Annotated[str, typer.Argument(help="Provider, Model, Route, Collection, Source, Assistant or another kind.")]


@verb(root, "apply", action="resource:apply", panel=DOCUMENTS)
def apply(
    ctx: typer.Context,
    file: Files,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and say what would change, change nothing.")] = False,
) -> None:
    """Make the resources of a file true, all or none."""
    for change in send(ctx, file, dry_run=dry_run):
        output.result(f"{change['kind']}/{change['name']} {change['change']}{' (dry run)' if dry_run else ''}")


@verb(root, "diff", action="resource:apply", panel=DOCUMENTS)
def diff(ctx: typer.Context, file: Files) -> None:
    """Show what an apply would change. Exit code 1 when there is something."""
    changes = [change for change in send(ctx, file, dry_run=True) if change["change"] != "unchanged"]
    for change in changes:
        title = f"{change['kind']}/{change['name']}"
        before, after = as_lines(change["before"]), as_lines(change["after"])
        for line in difflib.unified_diff(before, after, f"{title} (now)", f"{title} (file)", lineterm=""):
            output.result(line)
    if changes:
        raise typer.Exit(1)
    output.note("Nothing differs.")


@verb(root, "get", action="resource:read", panel=DOCUMENTS)
def get(
    ctx: typer.Context,
    kind: Kind,
    name: Annotated[str | None, typer.Argument(help="One of them; all when left out.")] = None,
    form: Annotated[
        Literal["table", "yaml", "json"] | None,
        typer.Option("--output", "-o", help="Form.", show_default="table, or yaml for one"),
    ] = None,
) -> None:
    """Show resources, secrets masked."""
    kind = manifests.kind_called(kind)
    with target(ctx).connect() as api:
        found = (
            [api.get(f"/api/resources/{kind}/{values.segment(name)}")] if name else list(api.each("/api/resources", kind=kind))
        )
    match form or ("yaml" if name else "table"):
        case "json":
            output.as_json(found[0] if name else found)
        case "yaml":
            output.as_yaml(found)
        case "table":
            rows = [(resource["name"], resource.get("description")) for resource in found]
            output.table(("name", "description"), rows, empty=f"There is no {kind}. Make one with: stoa apply -f FILE")


@verb(root, "delete", action="resource:delete", panel=DOCUMENTS)
def delete(ctx: typer.Context, kind: Kind, name: Annotated[str, typer.Argument(help="Which one.")]) -> None:
    """Delete a resource that nothing refers to."""
    kind = manifests.kind_called(kind)
    with target(ctx).connect() as api:
        api.delete(f"/api/resources/{kind}/{values.segment(name)}")
    output.note(f"Deleted {kind}/{name}.")


def send(ctx: typer.Context, files: list[str], *, dry_run: bool) -> list[dict[str, Any]]:
    """The changes, as the API reports them. Any: resources of every kind as JSON."""
    wanted = manifests.read(files, environment())
    with target(ctx).connect() as api:
        return api.post("/api/resources/apply", {"resources": wanted, "dry_run": dry_run})["changes"]


def as_lines(resource: dict[str, Any] | None) -> list[str]:
    import yaml  # late: only some verbs need it

    return yaml.safe_dump(resource, sort_keys=True, allow_unicode=True).splitlines() if resource else []
