"""What a process does with the items of a partition: open its pipeline once, and give a result for each item.

It is made in one process and used in others, maybe on other machines, where the same Stoa is installed: it says by name how to
open the pipeline, and carries no open thing itself.
"""

import asyncio
import importlib
import os
from collections.abc import Sequence
from typing import Any

import msgspec

from stoa.domain.processing import Item, Processed, Processor, Recipe

NICE = 5
"""How much these processes stand back behind those that answer people."""

_item = msgspec.msgpack.Decoder(Item).decode


class Opening(msgspec.Struct, frozen=True):
    """How to open a pipeline: `function` is `module:name`, and is called with the bytes of `told`."""

    function: str
    told: bytes


class PartitionWork:
    """Calls of one process; the pipeline is opened by the first."""

    def __init__(self, opening: Opening, recipe: Recipe, team: str) -> None:
        self._opening, self._recipe, self._team = opening, recipe, team
        self._pipeline: Processor | None = None
        self._runner: asyncio.Runner | None = None

    def __call__(self, items: Sequence[bytes]) -> list[bytes]:
        """A result for each item, both as MessagePack."""
        if self._runner is None:
            os.nice(NICE)
            self._runner = asyncio.Runner()
        done = self._runner.run(self._process([_item(item) for item in items]))
        return [msgspec.msgpack.encode(each) for each in done]

    async def _process(self, items: Sequence[Item]) -> list[Processed]:
        if self._pipeline is None:
            self._pipeline = _open(self._opening)
        found: dict[str, Processed] = {}
        async for some in self._pipeline.process(items, self._recipe, team=self._team):
            found |= {each.id: each for each in some}
        return [found[item.id] for item in items]

    def __reduce__(self) -> tuple[Any, ...]:
        return PartitionWork, (self._opening, self._recipe, self._team)


def _open(opening: Opening) -> Processor:
    module, _, name = opening.function.partition(":")
    return getattr(importlib.import_module(module), name)(opening.told)
