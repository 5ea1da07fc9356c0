"""`stoa gateway`, `control`, `worker`, `engine`: one role in this process, on a socket that the supervisor bound.

A gateway can also run alone, beside a Stoa that runs elsewhere: a replica.
"""

import os
import socket
from typing import Annotated

import typer

from stoa.cli.hot_path import compiled_hot_path
from stoa.cli.panels import START
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.settings import Settings

CONTROL_YIELDS, WORKER_YIELDS = 10, 10
"""Niceness: where cores are short, requests go first; usage waits in its log, documents in their queue."""

Descriptor = Annotated[int, typer.Option(help="Inherited descriptor of the listening socket.")]
Parent = Annotated[int | None, typer.Option(help="Process that this one must not outlive.")]
Host = Annotated[str | None, typer.Option(help="Where the entry listens.")]
Port = Annotated[int | None, typer.Option(help="Where the entry listens.")]


@verb(root, "gateway", action="role:run", panel=START)
def gateway(
    ctx: typer.Context,
    control: Annotated[str | None, typer.Option(help="Where control of that Stoa listens, http://host:port.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8420")] = None,
    fd: Annotated[int | None, typer.Option(help="Inherited descriptor of the listening socket.", hidden=True)] = None,
    parent: Annotated[int | None, typer.Option(help="Process that this one must not outlive.", hidden=True)] = None,
    own_fd: Annotated[int | None, typer.Option(help="Inherited descriptor of the socket for roles.", hidden=True)] = None,
    worker: Annotated[int, typer.Option(min=1, help="Which of the gateway's workers this is.", hidden=True)] = 1,
    workers: Annotated[int | None, typer.Option(help="How many there are.", hidden=True)] = None,
) -> None:
    """Run a further gateway of a Stoa that runs elsewhere.

    On this machine or another.
    """
    if fd is None:
        from stoa.cli.replica import run_replica

        settings = target(ctx).load(host=host, port=port, **{"gateway.control": control, "gateway.workers": workers}).settings
        run_replica(settings)
        return
    settings, listener = _begin(ctx, fd, parent, host, port, **{"gateway.workers": workers})
    hot_path = compiled_hot_path(settings)
    from stoa.api.gateway import run

    run(settings, listener, hot_path, own=socket.socket(fileno=own_fd) if own_fd is not None else None, worker=worker)


@verb(root, "control", action="role:run", hidden=True)
def control(ctx: typer.Context, fd: Descriptor, parent: Parent = None, host: Host = None, port: Port = None) -> None:
    """The control plane: /api and the page."""
    settings, listener = _begin(ctx, fd, parent, host, port)
    os.nice(CONTROL_YIELDS)
    from stoa.api.control import run

    run(settings, listener)


@verb(root, "worker", action="role:run", hidden=True)
def worker(ctx: typer.Context, fd: Descriptor, parent: Parent = None, host: Host = None, port: Port = None) -> None:
    """Durable jobs."""
    settings, listener = _begin(ctx, fd, parent, host, port)
    os.nice(WORKER_YIELDS)
    from stoa.worker.role import run

    run(settings, listener)


@verb(root, "engine", action="role:run", hidden=True)
def engine(ctx: typer.Context, fd: Descriptor, parent: Parent = None, host: Host = None, port: Port = None) -> None:
    """The built-in models."""
    settings, listener = _begin(ctx, fd, parent, host, port)
    from stoa.api.engine import run

    run(settings, listener)


def _begin(
    ctx: typer.Context, fd: int, parent: int | None, host: str | None, port: int | None, **more: object
) -> tuple[Settings, socket.socket]:
    from stoa.adapters.processes.parent import die_with_parent
    from stoa.kit.memory import few_arenas

    few_arenas()
    if parent is not None:
        die_with_parent(parent)
    return target(ctx).load(host=host, port=port, **more).settings, socket.socket(fileno=fd)
