"""LlamaIndex's ingestion pipeline as its guide sets it up, over a folder of files, with the embedder that Stoa has built in.

Runs in the environment of `.build/peers-retrieval`, with Stoa's source beside it for the embedder alone:
`python ingest.py FOLDER MODELS` prints `{"version", "seconds", "documents", "chunks", "tokens"}`, the tokens as
the embedder sees them. Reading the files is within the time.
"""

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

os.environ |= {"ANONYMIZED_TELEMETRY": "False", "HF_HUB_OFFLINE": "1"}

from llama_index.core import Document
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import MetadataMode

from stoa.adapters.engines.embedder import MAX_TOKENS, MiniLM


class Embedding(BaseEmbedding):
    """The built-in model."""

    def _get_query_embedding(self, query: str) -> list[float]:
        return MODEL.embed([query])[0].tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return MODEL.embed([text])[0].tolist()

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return MODEL.embed(texts).tolist()


MODEL = MiniLM(Path(sys.argv[2]))
MODEL.embed(["The first loads it."])
started = time.perf_counter()
documents = [Document(text=path.read_text(), id_=path.name) for path in sorted(Path(sys.argv[1]).iterdir())]
pipeline = IngestionPipeline(transformations=[SentenceSplitter(), Embedding(embed_batch_size=64)])
nodes = pipeline.run(documents=documents)
seconds = time.perf_counter() - started
seen = sum(min(len(row), MAX_TOKENS - 2) for row in MODEL.encode([node.get_content(MetadataMode.EMBED) for node in nodes]))
print(
    json.dumps(
        {
            "version": f"llama-index-core {version('llama-index-core')}",
            "seconds": seconds,
            "documents": len(documents),
            "chunks": len(nodes),
            "tokens": seen,
        }
    )
)
