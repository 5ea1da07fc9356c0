"""`stoa price`: what models cost, and from when on."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

prices = typer.Typer(name="price", help="What models cost: list, set, history.", no_args_is_help=True)

_SOURCES = {"set": "set here", "resource": "its resource", "list": "public list", "unknown": "unknown"}
_PARTS = (
    ("cache_read_per_million", "cache read"),
    ("cache_write_per_million", "cache write"),
    ("reasoning_per_million", "reasoning"),
    ("audio_input_per_million", "audio in"),
    ("audio_output_per_million", "audio out"),
    ("image_per_million", "image"),
    ("per_request", "a request"),
    ("per_second", "a second of sound"),
    ("per_million_characters", "characters"),
    ("per_gpu_second", "a GPU second"),
)

Amount = Annotated[str | None, typer.Option(metavar="USD")]


@verb(prices, "list", action="price:list")
def list_prices(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """What each model costs now, in US dollars for a million tokens.

    And where the price is from: set here, the model's resource, or the public list.
    """
    with target(ctx).connect() as api:
        found = api.get("/api/prices")
    if json:
        output.as_json(found)
        return
    output.table(
        ("model", "provider", "input", "output", "also", "from"),
        [(each["model"], each["provider"], *_shown(each["price"]), _SOURCES[each["source"]]) for each in found["data"]],
        empty="There is no model.",
    )
    output.note(f"Version {found['version']}. Where nobody knows a price, costs are unknown; say it with: stoa price set MODEL")


@verb(prices, "history", action="price:list")
def history(
    ctx: typer.Context,
    model: Annotated[str | None, typer.Argument(help="Which model; all when left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The prices that were set, and those to come."""
    with target(ctx).connect() as api:
        found = api.get("/api/prices/history", **({"model": model} if model else {}))["data"]
    if json:
        output.as_json(found)
        return
    output.table(
        ("id", "model", "from", "input", "output", "also"),
        [
            (each["id"], each["model"], output.when(each["starts_at"]), *_shown(each["price"], none="as before"))
            for each in found
        ],
        empty="No price was set here. Set one with: stoa price set MODEL --input USD --output USD",
    )


@verb(prices, "set", action="price:set")
def set_price(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="Which model.")],
    input: Annotated[str | None, typer.Option("--input", metavar="USD", help="A million tokens of the prompt.")] = None,  # noqa: A002
    output_: Annotated[str | None, typer.Option("--output", metavar="USD", help="A million tokens of the answer.")] = None,
    cache_read: Annotated[str | None, typer.Option(metavar="USD", help="Of the prompt, what its cache had.")] = None,
    cache_write: Annotated[str | None, typer.Option(metavar="USD", help="Of the prompt, what its cache took.")] = None,
    reasoning: Annotated[str | None, typer.Option(metavar="USD", help="Of the answer, what nobody sees.")] = None,
    audio_input: Annotated[str | None, typer.Option(metavar="USD", help="Of the prompt, sound.")] = None,
    audio_output: Annotated[str | None, typer.Option(metavar="USD", help="Of the answer, sound.")] = None,
    image: Annotated[str | None, typer.Option(metavar="USD", help="Of the prompt, images.")] = None,
    per_request: Annotated[str | None, typer.Option(metavar="USD", help="Each request beside its tokens.")] = None,
    per_gpu_second: Annotated[
        str | None, typer.Option(metavar="USD", help="A second of the accelerators that serve an own model.")
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", metavar="SPAN|DATE", help="7d or 2031-01-01", show_default="now")
    ] = None,
    listed: Annotated[bool, typer.Option("--listed", help="Back to what its resource, or the public list, says.")] = False,
) -> None:
    """Set what a model costs from a moment on. What was used before keeps what it cost."""
    amounts = {
        "input_per_million": input,
        "output_per_million": output_,
        "cache_read_per_million": cache_read,
        "cache_write_per_million": cache_write,
        "reasoning_per_million": reasoning,
        "audio_input_per_million": audio_input,
        "audio_output_per_million": audio_output,
        "image_per_million": image,
        "per_request": per_request,
        "per_gpu_second": per_gpu_second,
    }
    given = {field: amount for field, amount in amounts.items() if amount is not None}
    if listed == bool(given):
        raise typer.BadParameter("give amounts, such as --input 2.50 --output 10, or --listed alone")
    body: dict[str, Any] = {"price": None if listed else given}
    if begins:
        body["starts_at"] = values.moment(begins, now=datetime.now(UTC))
    with target(ctx).connect() as api:
        made = api.post(f"/api/prices/models/{values.segment(model)}", body)
    output.note(f"Set the price of {model!r} from {output.when(made['starts_at'])} on ({made['id']}).")


@verb(prices, "remove", action="price:set")
def remove(ctx: typer.Context, price: Annotated[str, typer.Argument(help="Id of a price that has not begun.")]) -> None:
    """Take back a price that has not begun."""
    with target(ctx).connect() as api:
        api.delete(f"/api/prices/history/{values.segment(price)}")
    output.note(f"Removed the price {price}.")


def _shown(price: dict[str, Any] | None, *, none: str = "unknown") -> tuple[str, str, str]:
    """Input, output, and all that it has besides."""
    if price is None:
        return none, none, ""
    also = [f"{name} {price[field]:g}" for field, name in _PARTS if price[field] is not None]
    if price["long_prompts_from"] is not None:
        also.append(f"more from {price['long_prompts_from']:,} tokens")
    return f"{price['input_per_million']:g}", f"{price['output_per_million']:g}", ", ".join(also)
