"""The two models of the engine role, as one thing that is loaded once."""

from dataclasses import dataclass
from pathlib import Path

from stoa.adapters.engines.embedder import MiniLM, Runtime
from stoa.adapters.engines.evidence import Weigher
from stoa.adapters.engines.reader import Reader


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """`embedder` is stoa-embed, `reader` is stoa-reader on the same weights."""

    embedder: MiniLM
    reader: Reader


def load(models: Path, *, threads: int, runtime: Runtime = "onnxruntime") -> BuiltIn:
    """Takes a tenth of a second, and a second more the first time. Raises MissingExtra without the weights."""
    embedder = MiniLM(models, threads=threads, runtime=runtime)
    embedder.embed(["The first run is slow, so nobody shall wait for it."])
    return BuiltIn(embedder, Reader(Weigher(embedder)))
