"""Scripted rerankers, in the forms of Jina, Cohere and text-embeddings-inference: a text is worth the words it shares."""

import json
import re
from collections.abc import Callable
from typing import Any

from stoa.adapters.providers.memory import JSON, Scripted, Sent


def jina(sent: Sent) -> Scripted:
    body = json.loads(sent.body)
    scores = _scores(body["query"], body["documents"])
    results = [{"index": index, "relevance_score": score} for index, score in _best_first(scores)]
    return _whole({"model": body["model"], "results": results, "usage": {"total_tokens": 9, "prompt_tokens": 9}})


def cohere(sent: Sent) -> Scripted:
    body = json.loads(sent.body)
    scores = _scores(body["query"], body["documents"])
    results = [{"index": index, "relevance_score": score} for index, score in _best_first(scores)]
    return _whole({"id": "scripted-1", "results": results, "meta": {"billed_units": {"search_units": 1}}})


def tei(sent: Sent) -> Scripted:
    body = json.loads(sent.body)
    scores = _scores(body["query"], body["texts"])
    return _whole([{"index": index, "score": score} for index, score in _best_first(scores)])


def silent(sent: Sent) -> Scripted:
    """Takes the question and never answers."""
    del sent
    return Scripted(None, hold=True)


def broken(sent: Sent) -> Scripted:
    del sent
    return Scripted(500, [b'{"error": {"message": "out of memory"}}'], JSON)


def one_short(sent: Sent) -> Scripted:
    """Scores all texts but the last."""
    scores = _scores(json.loads(sent.body)["query"], json.loads(sent.body)["documents"])
    results = [{"index": index, "relevance_score": score} for index, score in enumerate(scores[:-1])]
    return _whole({"results": results})


STYLES: dict[str, tuple[str, Callable[[Sent], Scripted]]] = {
    "jina": ("vllm", jina), "cohere": ("cohere", cohere), "tei": ("tei", tei),
}  # fmt: skip
"""By form the type of a provider that speaks it, and its double."""


def _scores(query: str, texts: list[str]) -> list[float]:
    wanted = _words(query)
    return [round(len(wanted & _words(text)) / len(wanted), 3) for text in texts]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _best_first(scores: list[float]) -> list[tuple[int, float]]:
    return sorted(enumerate(scores), key=lambda pair: -pair[1])


def _whole(answer: Any) -> Scripted:
    return Scripted(200, [json.dumps(answer).encode()], JSON)
