"""The graph against BERT written out in numpy, from the same weights."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from stoa.adapters.engines.embedder import MiniLM, Vectors
from stoa.adapters.engines.minilm_onnx import prepared
from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.engines.weights import weights_path
from stoa.errors import InternalError

TEXTS = [
    "How many days of leave?",
    "The laboratory's eye-wash station is tested every Monday; results go into the log (form LS-4).",
    "Überweisung 1.250,00 € an Zürich",
    "word " * 240,
]


@pytest.fixture(scope="module")
def weights() -> dict[str, Vectors]:
    return load_file(weights_path())


def reference(text: str, weights: dict[str, Vectors]) -> Vectors:
    def linear(x: Vectors, at: str) -> Vectors:
        return x @ weights[f"{at}.weight"].T + weights[f"{at}.bias"]

    def normal(x: Vectors, at: str) -> Vectors:
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * weights[f"{at}.weight"] + weights[f"{at}.bias"]

    ids = minilm_tokenizer().encode(text).ids
    at = "embeddings"
    hidden: Any = weights[f"{at}.word_embeddings.weight"][ids] + weights[f"{at}.position_embeddings.weight"][: len(ids)]
    hidden = normal(hidden + weights[f"{at}.token_type_embeddings.weight"][0], f"{at}.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        heads = [
            linear(hidden, f"{at}.attention.self.{part}").reshape(-1, 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        ]
        scores = heads[0] @ heads[1].transpose(0, 2, 1) / math.sqrt(32)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        seen = (shares / shares.sum(-1, keepdims=True) @ heads[2]).transpose(1, 0, 2).reshape(-1, 384)
        hidden = normal(linear(seen, f"{at}.attention.output.dense") + hidden, f"{at}.attention.output.LayerNorm")
        wide = linear(hidden, f"{at}.intermediate.dense")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        hidden = normal(linear(wide, f"{at}.output.dense") + hidden, f"{at}.output.LayerNorm")
    mean = hidden.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.mark.slow
def test_the_graph_computes_what_the_weights_mean(minilm: MiniLM, weights: dict[str, Vectors]) -> None:
    for text, vector in zip(TEXTS, minilm.embed(TEXTS), strict=True):
        assert vector @ reference(text, weights) > 0.9999


@pytest.mark.slow
def test_a_graph_that_is_there_is_not_built_again(tmp_path: Path) -> None:
    first = prepared(tmp_path)
    made = first.stat().st_mtime_ns
    assert prepared(tmp_path) == first
    assert first.stat().st_mtime_ns == made
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".onnx", ".onnx", ".weights"]


def test_weights_that_cannot_be_read_are_reported_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "model.safetensors"
    broken.write_bytes(b"\0" * 64)
    monkeypatch.setattr("stoa.adapters.engines.minilm_onnx.weights_path", lambda: broken)
    with pytest.raises(InternalError, match=r"model\.safetensors"):
        prepared(tmp_path / "models")
    assert not list((tmp_path / "models").iterdir())
