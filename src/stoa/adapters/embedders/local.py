"""The built-in embedder in this process, for work that shall not ask a gateway for each text. Loaded when it is first used."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stoa.domain.passages import Spent

if TYPE_CHECKING:
    from stoa.adapters.engines.embedder import MiniLM, Runtime


class LocalEmbedder:
    """Implements `domain.passages.Embedder`. `spent` counts tokens; they cost nothing but this machine's time."""

    def __init__(self, models: Path, *, threads: int = 0, runtime: "Runtime" = "onnxruntime") -> None:
        self._models, self._threads = models, threads
        self._runtime: Runtime = runtime
        self._model: MiniLM | None = None
        self._loading = asyncio.Lock()
        self.spent = Spent()

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        del team  # nobody is billed
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(_load, self._models, self._threads, self._runtime)
        vectors, tokens = await asyncio.to_thread(_embed, self._model, list(texts))
        self.spent += Spent(tokens)
        return vectors


def _load(models: Path, threads: int, runtime: "Runtime") -> "MiniLM":
    from stoa.adapters.engines.embedder import MiniLM

    return MiniLM(models, threads=threads, runtime=runtime)


def _embed(model: "MiniLM", texts: list[str]) -> tuple[Sequence[Sequence[float]], int]:
    rows = model.encode(texts)
    return list(model.embed_tokens(rows)), sum(len(row) for row in rows)
