"""What `stoa up` prints when everything is ready: where the page is, how to sign in, how an application calls it."""

import json

import typer

from stoa import __version__
from stoa.cli import output
from stoa.cli.commands import typed
from stoa.cli.target import Target
from stoa.errors import StoaError
from stoa.settings import Settings

_BUILT_IN = "stoa-engine"


def welcome(place: Target, settings: Settings, *, entry: str, seconds: float, example: bool) -> None:
    """Print it. What control cannot tell just now is left out with the reason: Stoa runs all the same."""
    stoa = typed(place)
    ready = typer.style(f"Stoa {__version__} is ready", bold=True)
    output.result(f"\n{ready} at {typer.style(entry, bold=True)} ({seconds:.1f} s)\n")
    try:
        _who_and_what(place, stoa)
    except StoaError as error:
        output.warning(f"No sign-in link yet: {error.message}. Later: {stoa} login")
    home = settings.home_folder
    output.result(f"  Documents   {stoa} ingest FOLDER --collection NAME")
    output.result(f"  State       {home.path}, logs in {home.logs}\n")
    output.result(_first_call(entry, stoa, example=example))
    output.result("  Ctrl-C stops it.\n")


def _who_and_what(place: Target, stoa: str) -> None:
    with place.connect() as api:
        link = api.post("/api/sign-in-links", {"user": "admin"})
        providers = [found for found in api.each("/api/resources", kind="Provider") if found["name"] != _BUILT_IN]
    output.result(f"  Sign in     {link['url']}")
    output.result(f"              once, until {output.when(link['expires_at'])}; a new link: {stoa} login")
    found = [each["name"] + (f" ({each['description']})" if each.get("description") else "") for each in providers]
    others = f", and {', '.join(found)}" if found else f"; others: {stoa} apply -f FILE"
    output.result(f"  Models      the built-in ones{others}")


def _first_call(entry: str, stoa: str, *, example: bool) -> str:
    """Lines to copy: a key, and a request that it is good for."""
    model, question = (
        ("assistant/handbook", "How long may an Insuvara pen be kept after its first use?")
        if example
        else ("stoa-reader", "What can you do?")
    )
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": question}]})
    return (
        f"  From an application, such as the openai client with base_url {entry}/v1:\n\n"
        f"    export STOA_KEY=$({stoa} key create my-app)\n"
        f'    curl {entry}/v1/chat/completions -H "Authorization: Bearer $STOA_KEY" \\\n'
        f"      -H 'Content-Type: application/json' -d '{body}'\n"
    )
