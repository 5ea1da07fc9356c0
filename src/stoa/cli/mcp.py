"""`stoa mcp`: collections for clients that start a program and speak the Model Context Protocol with it."""

import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from stoa.cli.ask_key import kept_key, make_key
from stoa.cli.fresh_key import wait_until_known
from stoa.cli.panels import START
from stoa.cli.root import root
from stoa.cli.target import Target, target
from stoa.cli.verbs import verb
from stoa.errors import OperatorError


@verb(root, "mcp", action="mcp:use", panel=START)
def mcp(
    ctx: typer.Context,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="STOA_KEY",
            help="Key to read with, of either kind; its groups decide what it may read.",
            show_default="one of the home",
        ),
    ] = None,
) -> None:
    """Let a program on this machine search and read collections: MCP on standard input and output."""
    import httpx  # late: 0.2 s

    from stoa.cli.mcp_bridge import Bridge

    place = target(ctx)
    url, local = place.entry()
    token = key or place.token or (_own_key(place) if local else None)
    if token is None:
        raise OperatorError(f"Reading from {url} needs a key: set STOA_KEY. One is made there with: stoa key create NAME")
    with httpx.Client(
        base_url=url,
        headers={"authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(90.0, connect=5.0),
        transport=place.transport,
        trust_env=urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost"),
    ) as http:
        Bridge(http, _write).run(sys.stdin.buffer)


def _own_key(place: Target) -> str:
    """That of `stoa ask`, made when it is first needed."""
    if kept := kept_key(place):
        return kept
    made = make_key(place)
    wait_until_known(place, made)
    return made


def _write(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()
