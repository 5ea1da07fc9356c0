"""`stoa login`: a link that signs somebody in, once."""

from typing import Annotated

import typer

from stoa.cli import output
from stoa.cli.panels import START
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb


@verb(root, "login", action="sign_in_link:create", panel=START)
def login(ctx: typer.Context, user: Annotated[str, typer.Argument(help="Whom the link signs in.")] = "admin") -> None:
    """Print a new one-time link to sign in to the page with."""
    with target(ctx).connect() as api:
        link = api.post("/api/sign-in-links", {"user": user})
    output.result(link["url"])
    output.note(f"It signs in {user!r}, once, until {output.when(link['expires_at'])}.")
