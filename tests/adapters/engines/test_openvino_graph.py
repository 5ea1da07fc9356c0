"""The embedder on OpenVINO: the same vectors, tried out before it is used, and nothing reported home."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stoa.adapters.engines import openvino_graph
from stoa.adapters.engines.embedder import MiniLM

pytestmark = pytest.mark.slow

TEXTS = ["A short one, with a few words more.", "Longer ones come in many lengths. " * 20, "And another. " * 60]


def test_it_gives_the_vectors_of_onnxruntime(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    exact, other = MiniLM(tmp_path, threads=1), MiniLM(tmp_path, threads=1, runtime="openvino")
    if other.runtime != "openvino":
        pytest.skip("this processor does not multiply bfloat16")
    cosines = (exact.embed(TEXTS) * other.embed(TEXTS)).sum(axis=1)
    assert float(cosines.min()) > openvino_graph.LEAST_COSINE
    assert np.array_equal(exact.embed(TEXTS[:1]), other.embed(TEXTS[:1]))


def test_a_graph_that_cannot_be_tried_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "graph.onnx").write_bytes(b"nonsense")
    assert not openvino_graph.usable(tmp_path / "graph.onnx", threads=1)


def test_importing_it_leaves_out_what_reports_home() -> None:
    pytest.importorskip("openvino")
    told = (
        "import sys; from pathlib import Path; from stoa.adapters.engines.openvino_graph import open_graph\n"
        "try: open_graph(Path('nowhere.onnx'), threads=1)\n"
        "except RuntimeError: pass\n"
        "told = [m for m in sys.modules if m.startswith('openvino_telemetry') and sys.modules[m]]\n"
        "assert 'openvino' in sys.modules and not told, told"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_gives_the_token_vectors_of_onnxruntime(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    exact, other = MiniLM(tmp_path, threads=1), MiniLM(tmp_path, threads=1, runtime="openvino")
    if other.runtime != "openvino":
        pytest.skip("this processor does not multiply bfloat16")
    rows = exact.encode(TEXTS)
    for own, theirs in zip(exact.embed_each_token(rows), other.embed_each_token(rows), strict=True):
        assert own.shape == theirs.shape
        assert float((own * theirs).sum(axis=1).mean()) > openvino_graph.LEAST_COSINE
