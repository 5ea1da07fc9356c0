"""What a request cost, in nano-dollars, by class of token. Unknown is None, never zero."""

from stoa.domain.prices import ModelPrice
from stoa.gateway.tokens import FREE_OF_CHARGE, Tokens
from stoa.gateway.usage import Beyond


def cost_of(price: ModelPrice | None, tokens: Tokens, engine_s: float | None = None) -> int | None:
    """Nano-dollars; None when the price or what it is for is not known. `engine_s` is how long accelerators worked for it."""
    if tokens is FREE_OF_CHARGE:
        return 0
    if price is None:
        return None
    fixed = price.request or 0.0
    if price.engine_second is not None:
        if engine_s is None:
            return None
        fixed += engine_s * price.engine_second
    beyond = tokens.beyond
    if price.second is not None:
        return None if beyond is None or beyond.seconds is None else round(beyond.seconds * price.second + fixed)
    if price.character is not None:
        return None if beyond is None or beyond.characters is None else round(beyond.characters * price.character + fixed)
    prompt, completion = tokens.prompt, tokens.completion
    if prompt is None or completion is None:
        paid = price.input or price.output or price.request
        return None if paid else round(fixed)
    while price.longer is not None and price.longer_from is not None and prompt > price.longer_from:
        price = price.longer
    cost, text = prompt * price.input + completion * price.output + fixed, prompt
    # A part that is said to be larger than the whole was not counted in it, and comes on top.
    if tokens.cached and price.cache_read is not None:
        part = min(tokens.cached, text)
        cost += tokens.cached * price.cache_read - part * price.input
        text -= part
    if tokens.written and price.cache_write is not None:
        cost += tokens.written * price.cache_write - min(tokens.written, text) * price.input
    if tokens.reasoning and price.reasoning is not None:
        cost += tokens.reasoning * price.reasoning - min(tokens.reasoning, completion) * price.output
    if beyond is not None:
        cost += _beyond(price, beyond)
    return max(0, round(cost))


def _beyond(price: ModelPrice, beyond: Beyond) -> float:
    """What tokens of other classes cost more, or less, than the tokens of text as which they were counted."""
    more = 0.0
    if price.audio_input is not None:
        more += beyond.audio * (price.audio_input - price.input)
    if price.image_input is not None:
        more += beyond.image * (price.image_input - price.input)
    if price.audio_output is not None:
        more += beyond.audio_output * (price.audio_output - price.output)
    if price.cache_write_long is not None:
        usual = price.input if price.cache_write is None else price.cache_write
        more += beyond.written_long * (price.cache_write_long - usual)
    return more
