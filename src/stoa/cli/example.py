"""`stoa example`: the example company, through the same code as `stoa apply` and `stoa ingest`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stoa.cli import manifests, output
from stoa.cli.commands import typed
from stoa.cli.panels import START
from stoa.cli.progress import Lines
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import NotFound

if TYPE_CHECKING:
    from stoa.cli.client import Client

HANDBOOK = Path(__file__).parents[3] / "examples" / "handbook"
_SOURCES = {"company": (), "hr": ("hr",), "research": ("research",), "finance": ("finance",)}
"""The folders of documents, and the groups that alone may read each."""
_USERS = {"alex": ("Alex", ()), "hana": ("Hana", ("hr",)), "ravi": ("Ravi", ("research",)), "fiona": ("Fiona", ("finance",))}
"""People to see the difference with: display name and groups."""


@verb(root, "example", action="example:load", panel=START)
def example(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where it lies.", show_default="examples/handbook")] = HANDBOOK,
    parent: Annotated[int | None, typer.Option(hidden=True, help="Process that this one must not outlive.")] = None,
) -> None:
    """Load the example company: documents, groups, users, an assistant."""
    from stoa.adapters.processes.parent import die_with_parent
    from stoa.cli.ingest import report
    from stoa.cli.syncing import folder_source, follow, start_sync

    if parent is not None:
        die_with_parent(parent)
    if not folder.is_dir():
        raise NotFound("The example company is part of the source tree (examples/handbook), which this installation lacks")
    place = target(ctx)
    with place.connect() as api:
        _people(api)
        resources = manifests.read([str(folder / "handbook.yaml")], {})
        api.post("/api/resources/apply", {"resources": resources, "dry_run": False})
        for name, groups in _SOURCES.items():
            source = folder_source(folder / "documents" / name, name=f"example {name}", prune=True)
            prefix = f"Example company, {name}: "
            with Lines(prefix) as lines:
                plan, job = start_sync(api, "handbook", source, groups=groups, progress=lines)
                report(plan, follow(api, job, progress=lines), prefix=prefix)
    question = next(found["examples"][0] for found in resources if found["kind"] == "Assistant")
    stoa = typed(place)
    output.result(
        f'\nThe example company is ready. In the page, or: {stoa} ask "{question}" --assistant handbook\n'
        f"Some documents are for a few only. Compare: {stoa} login hana (hr), ravi (research), fiona (finance), alex (none).\n"
    )


def _people(api: "Client") -> None:
    """Add the groups and users that are missing."""
    groups = {group["name"] for group in api.each("/api/groups")}
    for group in sorted({group for wanted in _SOURCES.values() for group in wanted} - groups):
        api.post("/api/groups", {"name": group})
    users = {user["name"] for user in api.each("/api/users")}
    for name, (display_name, memberships) in _USERS.items():
        if name not in users:
            wanted = {"name": name, "display_name": display_name, "team": "company"}
            api.post("/api/users", wanted | {"groups": list(memberships), "roles": ["member"]})
