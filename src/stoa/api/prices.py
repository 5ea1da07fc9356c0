"""`/api/prices`: what each model costs and who says so, prices that were set, and what a version of all prices was."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter
from pydantic import AwareDatetime

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Dollars, Form, Moment, View, milliseconds, moment
from stoa.control.prices import remove_price, set_price
from stoa.control.pricing import price_of, priced
from stoa.domain.prices import ModelPrice, SetPrice
from stoa.domain.resources import Price
from stoa.errors import InvalidRequest, NotFound
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/prices", tags=["prices"])


class Amounts(Form):
    """US dollars. Classes of tokens that are left out cost what they are part of."""

    input_per_million: Dollars | None = None
    output_per_million: Dollars = "0"
    cache_read_per_million: Dollars | None = None
    cache_write_per_million: Dollars | None = None
    reasoning_per_million: Dollars | None = None
    audio_input_per_million: Dollars | None = None
    audio_output_per_million: Dollars | None = None
    image_per_million: Dollars | None = None
    per_request: Dollars | None = None
    per_gpu_second: Dollars | None = None


class NewPrice(Form):
    """`price` null is what the model's resource, or the list, says."""

    price: Amounts | None
    starts_at: AwareDatetime | None = None
    """Now, when left out."""


class PriceView(View):
    """US dollars, as numbers for showing: for a million tokens, a request, a second. null is no price of that kind."""

    input_per_million: float
    output_per_million: float
    cache_read_per_million: float | None
    cache_write_per_million: float | None
    reasoning_per_million: float | None
    audio_input_per_million: float | None
    audio_output_per_million: float | None
    image_per_million: float | None
    per_request: float | None
    per_second: float | None
    per_million_characters: float | None
    per_gpu_second: float | None
    long_prompts_from: int | None


class ModelPriceView(View):
    """`source`: it was set here, it stands in the model's resource, the public list knows it, or nobody does."""

    model: str
    provider: str
    source: Literal["set", "resource", "list", "unknown"]
    price: PriceView | None


class SetPriceView(View):
    id: str
    model: str
    starts_at: Moment
    price: PriceView | None
    created_by: str
    created_at: Moment


class History(View):
    data: list[SetPriceView]


class Prices(View):
    """Every model, and under which version the gateway counts."""

    version: str
    data: list[ModelPriceView]


class PriceVersion(View):
    version: str
    prices: dict[str, PriceView]


@router.get("")
async def list_prices(caller: Annotated[Caller, allow("price:list")], parts: Parts) -> Prices:
    """What each model costs now."""
    snapshot = await parts.feed.refresh()
    async with parts.read() as stores:
        chosen = await stores.prices.all()
    found = priced(snapshot.models, snapshot.providers, parts.prices, chosen, now_ms())
    return Prices(
        version=snapshot.price_version,
        data=[
            ModelPriceView(
                model=name, provider=snapshot.models[name].provider, source=each.source, price=price_view(each.price)
            )
            for name, each in sorted(found.items())
        ],
    )


@router.get("/history")
async def list_history(caller: Annotated[Caller, allow("price:list")], parts: Parts, model: str | None = None) -> History:
    """The prices that were set, by model and time, those to come included."""
    async with parts.read() as stores:
        return History(data=[_set(each) for each in await stores.prices.all(model=model)])


@router.get("/versions/{version}")
async def read_version(version: str, caller: Annotated[Caller, allow("price:list")], parts: Parts) -> PriceVersion:
    """What the models cost under a version that a usage fact names."""
    async with parts.read() as stores:
        found = await stores.prices.version(version)
    if found is None:
        raise NotFound(f"There is no version {version[:60]!r} of the prices.")
    shown = {name: view for name, each in sorted(found.items()) if (view := price_view(each)) is not None}
    return PriceVersion(version=version, prices=shown)


@router.post("/models/{model}", status_code=201)
async def add_price(model: str, new: NewPrice, caller: Annotated[Caller, allow("price:set")], parts: Parts) -> SetPriceView:
    """Set what a model costs from a moment on. Nothing is priced anew."""
    try:
        given = None if new.price is None else new.price.model_dump(exclude_none=True)
        price = None if given is None else msgspec.convert(given, Price)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"Field 'price': {error}.", param="price") from None
    async with parts.write() as stores:
        made = await set_price(
            stores,
            model,
            price,
            starts_at_ms=None if new.starts_at is None else milliseconds(new.starts_at),
            engine_url=parts.engine_url,
            by=caller.principal.id,
            now_ms=now_ms(),
        )
    return _set(made)


@router.delete("/history/{price_id}", status_code=204)
async def delete_price(price_id: str, caller: Annotated[Caller, allow("price:set")], parts: Parts) -> None:
    """Take back a price that has not begun."""
    async with parts.write() as stores:
        await remove_price(stores, price_id, now_ms=now_ms())


def price_view(price: ModelPrice | None) -> PriceView | None:
    """From nano-dollars a token: a million of them are thousandths of a dollar."""
    if price is None:
        return None

    def million(amount: float | None) -> float | None:
        return None if amount is None else amount / 1000

    def one(amount: float | None) -> float | None:
        return None if amount is None else amount / 1_000_000_000

    return PriceView(
        input_per_million=price.input / 1000,
        output_per_million=price.output / 1000,
        cache_read_per_million=million(price.cache_read),
        cache_write_per_million=million(price.cache_write),
        reasoning_per_million=million(price.reasoning),
        audio_input_per_million=million(price.audio_input),
        audio_output_per_million=million(price.audio_output),
        image_per_million=million(price.image_input),
        per_request=one(price.request),
        per_second=one(price.second),
        per_million_characters=million(price.character),
        per_gpu_second=one(price.engine_second),
        long_prompts_from=price.longer_from,
    )


def _set(price: SetPrice) -> SetPriceView:
    return SetPriceView(
        id=price.id,
        model=price.model,
        starts_at=moment(price.starts_at_ms),
        price=None if price.price is None else price_view(price_of(price.price)),
        created_by=price.created_by,
        created_at=moment(price.created_at_ms),
    )
