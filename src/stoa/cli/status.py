"""`stoa status`: each role's health."""

from typing import Annotated, Any

import typer

from stoa.cli import output
from stoa.cli.panels import START
from stoa.cli.root import root
from stoa.cli.target import Target, target
from stoa.cli.verbs import verb


@verb(root, "status", action="status:read", panel=START)
def status(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Tell each role's health. Exit code 1 unless all are ready."""
    place = target(ctx)
    url, local = place.entry()
    running = place.running() if local else None
    url = url if running is None else running.entry_url
    roles = _ask_each(place) if local else _ask_control(place)
    ready = all(role["ready"] for role in roles)
    if json:
        output.as_json({"url": url, "ready": ready, "roles": roles})
    else:
        output.note(f"{url} is {'ready' if ready else 'not ready'}.")
        output.table(
            ("role", "state", "process", "restarts", "reasons"),
            [(r["role"], "ready" if r["ready"] else "not ready", r["pid"], r["restarts"], r["reasons"]) for r in roles],
            empty="It names no role.",
        )
    if not ready:
        raise typer.Exit(1)


def _ask_each(place: Target) -> list[dict[str, Any]]:
    """Every role of this machine, so that a role that is down hides no other."""
    from concurrent.futures import ThreadPoolExecutor  # late, as all that only this verb needs

    from stoa.adapters.processes.health import probe
    from stoa.adapters.processes.runfile import read_roles

    entries = read_roles(place.settings().home_folder).each
    with ThreadPoolExecutor(len(entries)) as threads:
        answers = threads.map(probe, [entry.url for entry in entries.values()])
        return [
            {
                "role": name,
                "ready": health.ready,
                "pid": entry.pid,
                "url": entry.url,
                "restarts": entry.restarts,
                "reasons": list(health.reasons),
            }
            for (name, entry), health in zip(entries.items(), answers, strict=True)
        ]


def _ask_control(place: Target) -> list[dict[str, Any]]:
    """The roles of a Stoa elsewhere, as its control plane sees them."""
    with place.connect() as api:
        roles = api.get("/api/status")["roles"]
    return [
        {"role": name, "ready": role["ready"], "pid": None, "url": None, "restarts": None, "reasons": role.get("reasons", [])}
        for name, role in roles.items()
    ]
