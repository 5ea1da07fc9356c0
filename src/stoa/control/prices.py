"""Setting prices: from a moment on, never backwards."""

from stoa.control.builtin import with_builtin
from stoa.control.pricing import check_price
from stoa.domain.prices import SetPrice
from stoa.domain.resources import Model, Price
from stoa.domain.stores import Stores
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.ids import new_id
from stoa.kit.names import did_you_mean

_SLACK_MS = 60_000  # clocks differ


async def set_price(
    stores: Stores, model: str, price: Price | None, *, starts_at_ms: int | None, engine_url: str, by: str, now_ms: int
) -> SetPrice:
    """From `starts_at_ms` on, or from now. Raises NotFound, InvalidRequest and Conflict."""
    await stores.revision.advance(now_ms=now_ms)
    models = {each.name for each in with_builtin(await stores.resources.all(), engine_url) if isinstance(each, Model)}
    if model not in models:
        raise NotFound(f"There is no model {model!r}.{did_you_mean(model, models)}", param="model")
    if starts_at_ms is not None and starts_at_ms < now_ms - _SLACK_MS:
        raise InvalidRequest(
            "A price begins now or later: what was used before keeps what it cost. Leave starts_at out for now.",
            param="starts_at",
        )
    if price is not None:
        check_price(price)
    begins = now_ms if starts_at_ms is None else max(starts_at_ms, now_ms)
    made = SetPrice(id=new_id("price"), model=model, starts_at_ms=begins, price=price, created_by=by, created_at_ms=now_ms)
    await stores.prices.add(made)
    return made


async def remove_price(stores: Stores, price_id: str, *, now_ms: int) -> SetPrice:
    """Take back a price that has not begun. Raises NotFound and Conflict."""
    await stores.revision.advance(now_ms=now_ms)
    found = await stores.prices.find(price_id)
    if found is None:
        raise NotFound(f"There is no price {price_id!r}.", param="id")
    if found.starts_at_ms <= now_ms:
        raise Conflict("This price has begun, and facts were costed by it: it stays in the history. Set another one.")
    await stores.prices.remove(price_id)
    return found
