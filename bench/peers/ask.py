"""LlamaIndex or Haystack over passages, as their guides set them up, with the embedder that Stoa has built in.

Runs in the environment of `.build/peers-retrieval`, with Stoa's source beside it for the embedder alone:
`python ask.py llamaindex|haystack < JSON > JSON`. In: `{"models", "passages": [{"path", "title", "text"}], "questions"}`; out:
`{"versions", "ways": {name: {"found": [[path, ...], ...], "ms": [...]}}}`, best first, each path once.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any  # what either library gives has types of its own

os.environ |= {"HAYSTACK_TELEMETRY_ENABLED": "False", "ANONYMIZED_TELEMETRY": "False", "HF_HUB_OFFLINE": "1"}

from stoa.adapters.engines.embedder import MiniLM

TEN = 10
Ask = Callable[[str], Sequence[str]]


def llamaindex(passages: Sequence[dict[str, str]], model: MiniLM) -> tuple[dict[str, Ask], Sequence[str]]:
    """Vector store, BM25, and both fused by reciprocal rank, without an LLM that writes further questions."""
    from llama_index.core import Document, Settings, VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.retrievers.bm25 import BM25Retriever

    class Embedding(BaseEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            return model.embed([query])[0].tolist()

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return model.embed([text])[0].tolist()

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return model.embed(texts).tolist()

    Settings.llm = MockLLM()
    documents = [Document(text=p["text"], metadata={"title": p["title"]}, id_=p["path"]) for p in passages]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    dense = VectorStoreIndex(nodes, embed_model=Embedding(embed_batch_size=64)).as_retriever(similarity_top_k=TEN)
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=TEN)
    both = QueryFusionRetriever(
        [dense, words], similarity_top_k=TEN, num_queries=1, mode="reciprocal_rerank", use_async=False, llm=Settings.llm
    )

    def asking(retriever: Any) -> Ask:
        return lambda question: [found.node.ref_doc_id for found in retriever.retrieve(question)]

    ways = {"LlamaIndex, vector": asking(dense), "LlamaIndex, BM25": asking(words), "LlamaIndex, RRF": asking(both)}
    return ways, ("llama-index-core", "llama-index-retrievers-bm25")


def haystack(passages: Sequence[dict[str, str]], model: MiniLM) -> tuple[dict[str, Ask], Sequence[str]]:
    """The store in memory, searched by embedding and by BM25 in one pipeline, joined by reciprocal rank."""
    from haystack import Document, Pipeline, component
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    @component
    class TextEmbedder:
        @component.output_types(embedding=list[float])
        def run(self, text: str) -> dict[str, list[float]]:
            return {"embedding": model.embed([text])[0].tolist()}

    store = InMemoryDocumentStore()
    texts = [f"{p['title']}\n{p['text']}" for p in passages]
    vectors = model.embed(texts).tolist()
    store.write_documents(
        [Document(id=p["path"], content=t, embedding=v) for p, t, v in zip(passages, texts, vectors, strict=True)]
    )

    def asking(*, dense: bool, words: bool) -> Ask:
        pipeline = Pipeline()
        last = "joiner" if dense and words else "dense" if dense else "words"
        if dense:
            pipeline.add_component("embedder", TextEmbedder())
            pipeline.add_component("dense", InMemoryEmbeddingRetriever(store))
            pipeline.connect("embedder.embedding", "dense.query_embedding")
        if words:
            pipeline.add_component("words", InMemoryBM25Retriever(store))
        if last == "joiner":
            pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
            pipeline.connect("words", "joiner")
            pipeline.connect("dense", "joiner")

        def ask(question: str) -> list[str]:
            given: dict[str, Any] = {"words": {"query": question}} if words else {}
            if dense:
                given["embedder"] = {"text": question}
            return [document.id for document in pipeline.run(given)[last]["documents"]]

        return ask

    ways = {
        "Haystack, embedding": asking(dense=True, words=False),
        "Haystack, BM25": asking(dense=False, words=True),
        "Haystack, hybrid": asking(dense=True, words=True),
    }
    return ways, ("haystack-ai",)


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr  # what the libraries print is not the answer
    given = json.load(sys.stdin)
    model = MiniLM(Path(given["models"]))
    ways, packages = {"llamaindex": llamaindex, "haystack": haystack}[sys.argv[1]](given["passages"], model)
    answer: dict[str, dict[str, list[Any]]] = {name: {"found": [], "ms": []} for name in ways}
    for ask in ways.values():
        ask(given["questions"][0])  # the first is slower everywhere
    for question in given["questions"]:
        for name, ask in ways.items():
            started = time.perf_counter()
            found = ask(question)
            answer[name]["ms"].append((time.perf_counter() - started) * 1000)
            answer[name]["found"].append(list(dict.fromkeys(found))[:TEN])
    json.dump({"versions": [f"{package} {version(package)}" for package in packages], "ways": answer}, out)


if __name__ == "__main__":
    main()
