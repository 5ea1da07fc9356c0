"""`stoa up`: all roles on this machine, from the lock on the home to the last process ended."""

import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stoa.cli import output
from stoa.cli.commands import stoa_command
from stoa.cli.panels import START
from stoa.cli.root import root
from stoa.cli.target import Target, target
from stoa.cli.verbs import verb
from stoa.errors import OperatorError
from stoa.kit.home import Home
from stoa.settings import Settings

if TYPE_CHECKING:
    import socket


@verb(root, "up", action="stoa:run", panel=START)
def up(
    ctx: typer.Context,
    example: Annotated[
        bool, typer.Option("--example", help="Load the example company: documents, users, an assistant.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8420")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder for all state.", show_default=".stoa")] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from stoa.adapters.processes.homelock import hold

    place = target(ctx).with_options(home=home, config=None, url=None, token=None)
    settings = place.load(host=host, port=port).settings
    folder = settings.home_folder
    _prepare(folder)
    with hold(folder):
        listeners = _bind(settings)
        _warn_beyond_loopback(settings)
        _migrate(place, folder)
        from stoa.cli.serving import serve

        serve(place, settings, listeners, example=example)


def _prepare(home: Home) -> None:
    try:
        home.prepare()
    except OSError as error:
        raise OperatorError(
            f"The home {str(home.path)!r} cannot be made ({error.strerror}). Choose a folder of your own: stoa up --home FOLDER"
        ) from None


def _bind(settings: Settings) -> "dict[str, socket.socket]":
    """The entry where the settings say, the other roles on any free port of loopback."""
    from stoa.adapters.processes.listening import listen

    entry = {"gateway": listen(settings.host, settings.port)}
    return entry | {name: listen("127.0.0.1", 0) for name in ("control", "worker", "engine")}


def _warn_beyond_loopback(settings: Settings) -> None:
    if not _is_loopback(settings.host) and not (settings.public_url or "").startswith("https://"):
        output.warning(
            f"{settings.host} can be reached from other machines, and without TLS keys and answers cross the network in the "
            "clear. Put a TLS proxy in front and set public_url to its https:// address, or listen on 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _migrate(place: Target, home: Home) -> None:
    """In a process of its own: what a migration imports would stay in this one's memory for ever."""
    if subprocess.run(stoa_command(place, home, "db", "migrate", "--quiet"), stdin=subprocess.DEVNULL).returncode:
        raise typer.Exit(1)  # it has said why
