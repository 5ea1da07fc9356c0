"""Tokens and money: what an upstream reports, what is estimated when it does not, and what it costs."""

from typing import Literal, NamedTuple

import msgspec

from stoa.domain.snapshot import ModelPrice

CHARACTERS_PER_TOKEN = 4


class Usage(msgspec.Struct):
    """The `usage` object of an answer."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Answer(msgspec.Struct):
    usage: Usage | None = None


class Tokens(NamedTuple):
    """How many tokens a request took, and who says so."""

    prompt: int | None
    completion: int | None
    told_by: Literal["provider", "estimate", "none"]


NO_TOKENS = Tokens(None, None, "none")

_decode = msgspec.json.Decoder(_Answer).decode


def usage_in(answer: bytes) -> Usage | None:
    """The usage that a whole answer reports. Raises ValueError when it is no JSON object."""
    try:
        return _decode(answer).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not a JSON object: {error}") from None


def tokens_of(usage: Usage | None, *, prompt_characters: int, answer_characters: int) -> Tokens:
    """What was reported, else four characters a token."""
    if usage is not None and usage.prompt_tokens is not None:
        return Tokens(usage.prompt_tokens, usage.completion_tokens or 0, "provider")
    return Tokens(tokens_in(prompt_characters), tokens_in(answer_characters), "estimate")


def tokens_in(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def cost_of(price: ModelPrice | None, tokens: Tokens) -> int | None:
    """Nano-dollars; None when the price or the number of tokens is not known."""
    if price is None or tokens.prompt is None or tokens.completion is None:
        return None
    return round(tokens.prompt * price.input + tokens.completion * price.output)
