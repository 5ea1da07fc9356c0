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
from stoa.settings import GatewaySettings, Settings

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
    workers: Annotated[
        int | None, typer.Option(help="Gateway processes on that port; one uses one core.", show_default="1")
    ] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from stoa.adapters.processes.homelock import hold

    place = target(ctx).with_options(home=home, config=None, url=None, token=None)
    settings = place.load(host=host, port=port, **{"gateway.workers": workers}).settings
    folder = settings.home_folder
    _prepare(folder)
    with hold(folder):
        _check_tls(settings.gateway)
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


def _check_tls(gateway: GatewaySettings) -> None:
    """Say now what is wrong with the certificate, not in the log of a role that cannot start."""
    if gateway.tls_certificate is not None:
        from stoa.api.wire.certificate import server_contexts

        server_contexts(gateway.tls_certificate, gateway.tls_key, gateway.tls_client_ca)


def _bind(settings: Settings) -> "dict[str, tuple[socket.socket, ...]]":
    """The entry and control where the settings say, the other roles on any free port of loopback.

    A gateway that shares the entry, or whose entry asks for more than plain HTTP, gets a plain socket on loopback beside it:
    for Stoa's own roles and commands, and to tell each worker's health.
    """
    from stoa.adapters.processes.listening import listen, listen_together

    gateway = settings.gateway
    aside = gateway.workers > 1 or gateway.tls_certificate is not None or gateway.proxy_protocol
    bound: dict[str, tuple[socket.socket, ...]] = {}
    for number, entry in enumerate(listen_together(settings.host, settings.port, number=gateway.workers), 1):
        name = "gateway" if number == 1 else f"gateway-{number}"
        bound[name] = (entry, listen("127.0.0.1", 0)) if aside else (entry,)
    bound["control"] = (listen(settings.control.host, settings.control.port),)
    return bound | {name: (listen("127.0.0.1", 0),) for name in ("worker", "engine")}


def _warn_beyond_loopback(settings: Settings) -> None:
    if not _is_loopback(settings.host) and not settings.url.startswith("https://"):
        output.warning(
            f"{settings.host} can be reached from other machines, and without TLS keys and answers cross the network in the "
            "clear. Set gateway.tls_certificate and gateway.tls_key; or put a TLS proxy in front and set public_url to its "
            "https:// address; or listen on 127.0.0.1."
        )

    if not _is_loopback(settings.control.host):
        output.warning(
            f"control listens on {settings.control.host} for gateways elsewhere, in plain HTTP: usage, and what Stoa's own "
            "roles show one another, cross the network in the clear. Keep that network private."
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
