"""What `stoa up` prints when everything is ready: where the page is, how to sign in, how an application calls it."""

import typer

from stoa import __version__
from stoa.cli import output
from stoa.cli.commands import typed
from stoa.cli.target import Target
from stoa.errors import StoaError
from stoa.settings import Settings

_BUILT_IN = "stoa-engine"


def welcome(place: Target, settings: Settings, *, url: str, seconds: float) -> None:
    """Print it. What control cannot tell just now is left out with the reason: Stoa runs all the same."""
    stoa = typed(place)
    entry = settings.public_url or url
    output.result(
        f"\n{typer.style(f'Stoa {__version__} is ready', bold=True)} at {typer.style(entry, bold=True)} ({seconds:.1f} s)\n"
    )
    try:
        with place.connect() as api:
            link = api.post("/api/sign-in-links", {"user": "admin"})
            providers = [found for found in api.each("/api/resources", kind="Provider") if found["name"] != _BUILT_IN]
        output.result(
            f"  Sign in     {link['url']}\n              once, until {output.when(link['expires_at'])}; or: {stoa} login"
        )
        output.result(f"  Providers   {_listed(providers)}")
    except StoaError as error:
        output.warning(f"No sign-in link yet: {error.message}. Later: {stoa} login")
    output.result(f"  Documents   {stoa} ingest FOLDER --collection NAME, then: {stoa} ask QUESTION --collection NAME")
    output.result(f"  State       {settings.home_folder.path} (logs in {settings.home_folder.logs.name}/)")
    output.result(
        f"\n  From an application, as from the openai client with base_url {entry}/v1:\n\n"
        f"    export STOA_KEY=$({stoa} key create my-app)\n"
        f"    curl {entry}/v1/chat/completions -H \"Authorization: Bearer $STOA_KEY\" -H 'Content-Type: application/json' \\\n"
        '      -d \'{"model": "stoa-reader", "messages": [{"role": "user", "content": "What are you?"}]}\'\n'
    )
    output.result("  Ctrl-C stops it.\n")


def _listed(providers: "list[dict[str, str]]") -> str:
    if not providers:
        return "the built-in models; add others with a file: stoa apply -f FILE"
    return "the built-in models, and " + "; ".join(
        found["name"] + (f" ({found['description']})" if found.get("description") else "") for found in providers
    )
