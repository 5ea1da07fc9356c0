"""The pipeline of documents, put together: in the worker, and in each process that works on partitions."""

from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Literal

import msgspec

from stoa.sections import ObjectSettings
from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.objects.store import ObjectFolder
    from stoa.adapters.processing.child import Opening
    from stoa.domain.documents import Objects, Parser
    from stoa.domain.passages import Embedder
    from stoa.domain.processing import Processor
    from stoa.knowledge.process import Pipeline

LOCAL_MODEL = "stoa-embed"


class Elsewhere(msgspec.Struct, frozen=True):
    """What a process elsewhere is told. `token` speaks for the team that pays, for minutes."""

    objects: ObjectSettings
    folder: str
    parse_timeout_s: float
    document_bytes: int
    ocr_languages: tuple[str, ...]
    gateway_url: str | None
    token: str
    models: str | None
    """Where the built-in embedder's graph lies, or is built; None where this process does not embed by itself."""
    threads: int
    runtime: Literal["onnxruntime", "openvino"]


def open_objects(settings: Settings) -> "ObjectFolder":
    """The store of raw and parsed documents."""
    return _objects(settings.objects, settings.home_folder.objects)


def pipeline(objects: "Objects", parser: "Parser") -> "Pipeline":
    """For few documents: in this process, their vectors made by whoever asks."""
    from stoa.adapters.engines.rarity import VocabularyRarity
    from stoa.adapters.engines.tokenizer import minilm_tokenizer
    from stoa.adapters.parsers.splitting import TokenSplitter
    from stoa.knowledge.process import Pipeline

    tokenizer = minilm_tokenizer()
    return Pipeline(objects=objects, parser=parser, splitter=TokenSplitter(tokenizer), rarity=VocabularyRarity(tokenizer))


def partitioned(settings: Settings, *, token: Callable[[str], str]) -> "Processor":
    """For many documents: over Daft, here or on Ray. `token` speaks for a team."""
    from stoa.adapters.processing.child import Opening
    from stoa.adapters.processing.daft import DaftProcessor

    told = settings.worker

    def opening(team: str) -> "Opening":
        elsewhere = Elsewhere(
            objects=settings.objects, folder=str(settings.home_folder.objects), parse_timeout_s=told.parse_timeout_s,
            document_bytes=told.document_bytes, ocr_languages=told.ocr_languages,
            gateway_url=told.ray_gateway_url if told.ray_address else None,
            token=token(team) if told.ray_address and told.ray_gateway_url else "",
            models=_models(settings) if told.partition_embedding == "local" else None,
            threads=1 if told.ray_address else settings.engine.threads, runtime=settings.engine.runtime,
        )  # fmt: skip
        return Opening("stoa.wiring.processing:open_elsewhere", msgspec.msgpack.encode(elsewhere))

    return DaftProcessor(opening, ray_address=told.ray_address, processes=told.partition_processes)


def open_elsewhere(told: bytes) -> "Pipeline":
    """The pipeline of a process that works on partitions."""
    from stoa.adapters.engines.rarity import VocabularyRarity
    from stoa.adapters.engines.tokenizer import minilm_tokenizer
    from stoa.adapters.parsers.process import ParserProcesses
    from stoa.adapters.parsers.recognition import find_recognition
    from stoa.adapters.parsers.splitting import TokenSplitter
    from stoa.knowledge.process import Pipeline

    here, tokenizer = msgspec.msgpack.decode(told, type=Elsewhere), minilm_tokenizer()
    return Pipeline(
        objects=_objects(here.objects, Path(here.folder)),
        parser=ParserProcesses(
            timeout_s=here.parse_timeout_s, most_bytes=here.document_bytes, recognition=find_recognition(here.ocr_languages)
        ),
        splitter=TokenSplitter(tokenizer),
        embedder_of=_embedders(here),
        rarity=VocabularyRarity(tokenizer),
    )


def _embedders(here: Elsewhere) -> "Callable[[str], Embedder | None]":
    made: dict[str, Embedder | None] = {}

    def embedder_of(model: str) -> "Embedder | None":
        if model not in made:
            made[model] = _embedder(here, model)
        return made[model]

    return embedder_of


def _embedder(here: Elsewhere, model: str) -> "Embedder | None":
    """None where the vectors are for whoever asks to make."""
    if model == LOCAL_MODEL and here.models is not None:
        from stoa.adapters.embedders.local import LocalEmbedder

        return LocalEmbedder(Path(here.models), threads=here.threads, runtime=here.runtime)
    if here.gateway_url is not None:
        from stoa.adapters.embedders.openai import EndpointEmbedder, make_client

        url = f"{here.gateway_url.rstrip('/')}/v1/embeddings"
        return EndpointEmbedder(make_client(), url=url, model=model, token=lambda _team: here.token)
    return None


def _objects(settings: ObjectSettings, folder: Path) -> "ObjectFolder":
    from stoa.adapters.objects.opening import open_objects as opened

    return opened(settings, folder)


def _models(settings: Settings) -> str:
    """On this machine its own folder; elsewhere one that each machine has."""
    return str(Path(gettempdir()) / "stoa-models") if settings.worker.ray_address else str(settings.home_folder.models)
