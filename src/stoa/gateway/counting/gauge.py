"""How many tokens a request will have, counted with the tokenizer of the model it goes to, before anybody is asked.

A tokenizer takes a millisecond for some thousand characters, and requests wait meanwhile: of a longer prompt it is asked for
eight parts, and the rest is taken to be as they are. What cannot be counted is estimated, and the reason told: a tokenizer that
is not there or still on its way, a body of more than a mebibyte. Limits: what a provider writes around messages is known only
in the mean.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Thread
from typing import cast

import msgspec

from stoa.dialects.image_size import MOST_BY_PIXELS, MOST_BY_TILES, SMALL_IMAGE, tokens_by_pixels, tokens_by_tiles
from stoa.dialects.said import Said, said_in
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model
from stoa.domain.tokenizers import NONE, Tokenizer, Tokenizers, known_encoding
from stoa.errors import StoaError
from stoa.gateway.counting.estimate import tokens_in, tokens_in_text

log = logging.getLogger("stoa.gateway")

LARGEST = 1_048_576
"""Bytes of a body that is read for its texts."""
_PARTS = 8
_decode = msgspec.json.Decoder().decode


class Gauge:
    """One tokenizer, loaded when the first request asks for it: until then, and if it cannot be, requests are estimated."""

    __slots__ = ("_begun", "_load", "_why", "name", "tokenizer")

    def __init__(self, name: str, load: Callable[["Gauge"], None]) -> None:
        self.name = name
        self.tokenizer: Tokenizer | None = None
        self._load = load
        self._begun = False
        self._why = f"estimate: {name} is being loaded"

    @property
    def is_broken(self) -> bool:
        return self._begun and self.tokenizer is None and not self._why.endswith("is being loaded")

    def read(self, body: bytes, form: ClientForm | None) -> tuple[int, str]:
        """Tokens of a request's body, and what tells them: the tokenizer's name, or why they are an estimate."""
        tokenizer = self.ready()
        if tokenizer is None:
            return tokens_in(body), self._why
        if len(body) > LARGEST:
            return tokens_in(body), "estimate: the body is over a mebibyte"
        try:
            fields: object = _decode(body)
            if isinstance(fields, dict):
                return self.of(said_in(cast("dict[str, object]", fields), form), tokenizer), self.name
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass
        return tokens_in(body), f"estimate: {self.name} cannot read the body"

    def of(self, said: Said, tokenizer: Tokenizer) -> int:
        """Raises ValueError for a text that cannot be encoded."""
        tokens = counted(said.texts, tokenizer) + said.other + _images(said, tiles=tokenizer.tiles)
        if said.messages:
            tokens += said.messages * tokenizer.around_message + tokenizer.around_all
        return max(1, tokens)

    def text(self, text: str) -> int | None:
        """Tokens of one text; None when it cannot be told now."""
        tokenizer = self.ready()
        try:
            return None if tokenizer is None else counted((text,), tokenizer)
        except ValueError:
            return None

    def ready(self) -> Tokenizer | None:
        if self.tokenizer is None and not self._begun:
            self._begun = True
            self._load(self)
        return self.tokenizer

    def fail(self, why: str) -> None:
        self._why = f"estimate: {why}"


class Gauges:
    """Those of all models, each once. `begin` runs what takes a while, beside the requests."""

    def __init__(self, tokenizers: Tokenizers, *, begin: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._tokenizers = tokenizers
        self._begin = begin or _beside
        self._gauges: dict[str, Gauge] = {}

    def of(self, model: Model) -> Gauge | None:
        """None where the model's tokenizer is not known, or is not wanted."""
        name = model.tokenizer
        if name is None:
            name = known_encoding(model.upstream_name or model.name)
            if name is None or not self._tokenizers.has(name):
                return None
        if name == NONE:
            return None
        found = self._gauges.get(name)
        if found is None or found.is_broken:
            found = self._gauges[name] = Gauge(name, self._load)
        return found

    def _load(self, gauge: Gauge) -> None:
        def load() -> None:
            try:
                gauge.tokenizer = self._tokenizers.load(gauge.name)
            except StoaError as error:
                gauge.fail(error.message)
                log.error("tokens are estimated: %s", error.message)
            except Exception as error:  # whatever a package does with a strange file, requests go on
                gauge.fail(f"{gauge.name} cannot be loaded ({type(error).__name__})")
                log.exception("tokens are estimated: the tokenizer %s cannot be loaded", gauge.name)

        self._begin(load)


def counted(texts: Sequence[str], tokenizer: Tokenizer) -> int:
    """Of all texts together: each by itself, or, of more than it counts in a millisecond, by parts.

    By how much those are over or under their estimate the whole is taken to be. In the mean that is 1 % off for OpenAI's
    encodings and 4 % for a slower tokenizer, at most 3 and 14 % (`bench/tokens.py`).
    """
    size = sum(map(len, texts))
    if size <= tokenizer.characters:
        return sum(map(tokenizer.count, texts))
    whole = "".join(texts)
    part = tokenizer.characters // _PARTS
    step = (size - part) // (_PARTS - 1)
    parts = [whole[at : at + part] for at in range(0, step * _PARTS, step)]
    found = sum(map(tokenizer.count, parts))
    return round(tokens_in_text(whole) * found / tokens_in_text("".join(parts)))


def estimated(said: Said) -> int:
    """The same without a tokenizer."""
    return max(1, round(sum(map(tokens_in_text, said.texts))) + said.other + _images(said, tiles=False))


def _images(said: Said, *, tiles: bool) -> int:
    if tiles:
        small = said.small_images * SMALL_IMAGE
        return small + sum([MOST_BY_TILES if each is None else tokens_by_tiles(*each) for each in said.images])
    small = said.small_images * MOST_BY_PIXELS  # only in tiles images are looked at roughly
    return small + sum([MOST_BY_PIXELS if each is None else tokens_by_pixels(*each) for each in said.images])


def _beside(work: Callable[[], None]) -> None:
    Thread(target=work, name="stoa-tokenizer", daemon=True).start()
