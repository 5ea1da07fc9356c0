"""A deployment's model: what the provider calls it, what it does, what it costs, how much it takes."""

from decimal import Decimal, InvalidOperation
from typing import cast

from stoa.control.litellm.account import Fields
from stoa.control.litellm.addresses import CannotCarry
from stoa.control.litellm.connections import Connection, Deployment
from stoa.control.litellm.kinds import offers, operation_of
from stoa.domain.operations import Operation
from stoa.domain.prices import PriceList
from stoa.domain.resources import Model, Price
from stoa.kit.money import usd

_INPUT, _OUTPUT = "input_cost_per_token", "output_cost_per_token"


def model(
    deployment: Deployment, connection: Connection, *, parallel: int | None, dropped: tuple[str, ...], prices: PriceList | None
) -> Model:
    """Without its names. `parallel` and `dropped` are for deployments without any of their own. Raises CannotCarry."""
    params, info = deployment.params, deployment.info
    operation = _operation(deployment, connection)
    context = info.whole("max_input_tokens")
    output = info.whole("max_output_tokens") or info.whole("max_tokens")
    if "max_tokens" in params and connection.provider.type == "anthropic":
        output = params.whole("max_tokens") or output
    return Model(
        name="x",
        provider="x",
        upstream_name=connection.upstream_name,
        operation=operation,
        description=_described(info),
        price=_price(params, info, operation) or _base_price(deployment, prices),
        context_tokens=context,
        max_output_tokens=output,
        max_parallel=params.whole("max_parallel_requests") or parallel,
        drop_fields=tuple(dict.fromkeys((*_dropped(params), *dropped))),
    )


def _operation(deployment: Deployment, connection: Connection) -> Operation:
    mode, kind = deployment.info.take("mode"), connection.provider.type
    operation = operation_of(mode, connection.upstream_name)
    if operation is None:
        raise CannotCarry(f"Stoa has no models of mode {mode!r}.")
    if not offers(kind, operation):
        raise CannotCarry(f"Stoa's providers of type {kind!r} do not offer {operation}. Name a provider that does.")
    return operation


def _described(info: Fields) -> str:
    found = info.get("description")
    return str(info.take("description")) if isinstance(found, str) else ""


def _dropped(params: Fields) -> tuple[str, ...]:
    found = params.get("additional_drop_params")
    if not isinstance(found, list):
        return ()
    names = [str(each) for each in cast("list[object]", params.take("additional_drop_params"))]  # cast: of whatever kind
    nested = [name for name in names if "." in name or "[" in name]
    if nested:
        params.changed("additional_drop_params", f"drop_fields take whole fields only, so not {', '.join(nested)}.")
    return tuple(name for name in names if name not in nested)


def _price(params: Fields, info: Fields, operation: Operation) -> Price | None:
    """A price stands in litellm_params or in model_info; the former comes first."""
    found: dict[str, str] = {}
    for name in (_INPUT, _OUTPUT):
        place = params if name in params else info
        if name not in place:
            continue
        amount = _per_million(place.take(name))
        if amount is None:
            place.left(name, "It is not an amount in US dollars for one token. Give the model a price for a million of them.")
        else:
            found[name] = amount
    if _INPUT in found and (_OUTPUT in found or operation != "chat"):
        return Price(input_per_million=found[_INPUT], output_per_million=found.get(_OUTPUT, "0"))
    for name in found:
        place = params if name in params else info
        place.left(name, "A price needs both, for input and for output. Without it Stoa's price list is asked.")
    return None


def _base_price(deployment: Deployment, prices: PriceList | None) -> Price | None:
    """LiteLLM takes a deployment's price from its base_model; Stoa's list goes by what the provider calls the model."""
    info = deployment.info
    place = info if "base_model" in info else deployment.params
    base = place.get("base_model")
    if not isinstance(base, str):
        return None
    place.take("base_model")
    maker, slash, rest = base.partition("/")
    kind = "azure" if deployment.provider.startswith("azure") else "openai"
    known = None
    if prices is not None and (not slash or maker in ("azure", "openai")):
        known = prices.price(rest if slash else base, base_url="https://api.openai.com/v1", kind=kind)
    if known is None:
        place.left("base_model", "Stoa's price list does not know it. Give the model a price, or its cost will be unknown.")
        return None
    place.changed("base_model", "It is only for the price, which was written into the model.")
    return Price(input_per_million=_dollars(known.input), output_per_million=_dollars(known.output))


def _per_million(value: object) -> str | None:
    try:
        amount = (Decimal(str(value)) * 1_000_000).normalize()
        text = format(round(amount, 9).normalize(), "f")
        return text if usd(text) >= 0 else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _dollars(nano_usd_per_token: float) -> str:
    return format(Decimal(str(round(nano_usd_per_token / 1000, 9))).normalize(), "f")
