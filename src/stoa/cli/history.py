"""`stoa history`, `restore`, `forget`: what a resource was, back to that, and never to be read again."""

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stoa.cli import manifests, output, values
from stoa.cli.panels import DOCUMENTS
from stoa.cli.resources import Kind, as_lines
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb

if TYPE_CHECKING:
    from stoa.cli.client import Client

Name = Annotated[str, typer.Argument(help="Which one; of a deleted one too.")]
Number = Annotated[int, typer.Argument(min=1, help="Number of the version, as `stoa history` tells it.")]

_MASK = "********"


@verb(root, "history", action="resource:read", panel=DOCUMENTS)
def history(
    ctx: typer.Context,
    kind: Kind,
    name: Name,
    version: Annotated[
        int | None,
        typer.Argument(min=1, help="What the resource was then, to be read or applied.", show_default="a list of all"),
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what this version changed, or the last one.")] = False,
    against: Annotated[
        int | None, typer.Option(min=1, help="With --diff: the version to compare with.", show_default="the one before")
    ] = None,
    form: Annotated[Literal["table", "yaml", "json"] | None, typer.Option("--output", "-o", help="Form.")] = None,
) -> None:
    """Show what a resource was: who changed what, and when. Secrets are masked."""
    kind = manifests.kind_called(kind)
    place = _place(kind, name)
    with target(ctx).connect() as api:
        if diff or against is not None:
            _show_diff(api, place, f"{kind}/{name}", version or _last(api, place), against, as_json=form == "json")
        elif version is not None:
            _show(api.get(f"{place}/{version}"), form or "yaml")
        else:
            _list(list(api.each(place)), form or "table")


@verb(root, "restore", action="resource:apply", panel=DOCUMENTS)
def restore(
    ctx: typer.Context,
    kind: Kind,
    name: Name,
    version: Number,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and say what would change, change nothing.")] = False,
) -> None:
    """Make a resource what it was. That is a new version, and the secrets stay those of now."""
    kind = manifests.kind_called(kind)
    with target(ctx).connect() as api:
        change = api.post(f"{_place(kind, name)}/{version}/restore", {"dry_run": dry_run})
    output.result(f"{kind}/{name} {change['change']}{' (dry run)' if dry_run else ''}")


@verb(root, "forget", action="resource:delete", panel=DOCUMENTS)
def forget(ctx: typer.Context, kind: Kind, name: Name, version: Number) -> None:
    """Destroy what an earlier version said. That there was one, by whom and when, stays known."""
    kind = manifests.kind_called(kind)
    with target(ctx).connect() as api:
        api.delete(f"{_place(kind, name)}/{version}")
    output.note(f"What version {version} of {kind}/{name} said is forgotten.")


def _list(found: list[Any], form: str) -> None:  # Any: JSON as the API documents it
    if form == "json":
        output.as_json(found)
    elif form == "yaml":
        output.as_yaml([found])
    else:
        rows = [
            (each["version"], output.when(each["at"]), each["author"] or each["by"], _told(each), each["fields"])
            for each in found
        ]
        output.table(("version", "when", "by", "change", "fields"), rows, empty="No version of it is kept any more.")


def _told(version: Any) -> str:  # Any: as above
    told = f"restored from {version['restored']}" if version["restored"] is not None else str(version["change"])
    return f"{told}, forgotten" if version["forgotten"] else told


def _show(version: Any, form: str) -> None:  # Any: as above
    if form == "json":
        output.as_json(version)
    elif version["resource"] is None:
        output.note("It was deleted then." if version["change"] == "deleted" else "What this version said is forgotten.")
    else:
        output.as_yaml([version["resource"]])


def _show_diff(api: "Client", place: str, title: str, version: int, against: int | None, *, as_json: bool) -> None:
    found = api.get(f"{place}/{version}/diff", against=against)
    if as_json:
        output.as_json(found)
        return
    before, after = (_resource(api, place, number) for number in (found["against"], version))
    names = (f"{title} (version {found['against'] or 'none'})", f"{title} (version {version})")
    for line in difflib.unified_diff(as_lines(before), as_lines(after), *names, lineterm=""):
        output.result(line)
    for each in found["differences"]:
        if each["before"] == each["after"] == _MASK:
            output.result(f"{each['field']}: another secret")
    if not found["differences"]:
        output.note("Nothing differs.")


def _resource(api: "Client", place: str, version: int | None) -> dict[str, Any] | None:
    return api.get(f"{place}/{version}")["resource"] if version is not None else None


def _last(api: "Client", place: str) -> int:
    """The newest one that still says something; the first of all where there is none."""
    for each in api.each(place):
        if each["change"] != "deleted" and not each["forgotten"]:
            return each["version"]
    return 1


def _place(kind: str, name: str) -> str:
    return f"/api/resources/{kind}/{values.segment(name)}/versions"
