"""The ONNX graph of all-MiniLM-L6-v2, pooling and normalisation inside, built once from its safetensors, without torch.

The graph is BERT (Devlin et al., 2018) with six layers in onnxruntime's fused operators: (batch, length) token ids and mask in;
`sentence`, (batch, 384) unit vectors, and `tokens`, (batch, length, 384), out. Building needs the package onnx and all
weights in memory, so `prepared` does it in a child process.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stoa.adapters.engines.weights import weights_path
from stoa.errors import InternalError
from stoa.kit.files import write_atomic

VERSION = 1
"""Part of the file names: a change of the graph must not meet an older file."""

WORDS, WIDTH, LAYERS, HEADS = 30_522, 384, 6, 12
EPSILON = 1e-12


def prepared(folder: Path) -> Path:
    """The graph's path in folder, built first when it is not there yet. Raises MissingExtra when there are no weights."""
    graph = folder / f"minilm-l6-v2.{VERSION}.onnx"
    if not graph.is_file():
        weights = weights_path()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-m", "stoa.adapters.engines.minilm_onnx", str(weights), str(graph)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise InternalError(f"The embedder's graph could not be built from {str(weights)!r}: {done.stderr.strip()[-800:]}")
    return graph


def vocabulary(graph: Path) -> npt.NDArray[np.float32]:
    """The embeddings of all words, which open the data file of a graph that `prepared` made; mapped read-only."""
    return np.memmap(graph.with_suffix(".weights"), dtype="<f4", mode="r", shape=(WORDS, WIDTH))


def build(weights: Path, graph: Path) -> None:
    """Write the weights, which onnxruntime maps instead of copying, then the graph beside them, each whole or not at all."""
    from safetensors.numpy import load_file

    draft = _Draft(load_file(weights))
    hidden = draft.embedding()
    for layer in range(LAYERS):
        hidden = draft.layer(hidden, f"encoder.layer.{layer}")
    draft.pooling(hidden)
    data = graph.with_suffix(".weights")
    model = draft.model(data.name)
    write_atomic(data, bytes(draft.data))
    write_atomic(graph, model)


class _Draft:
    """The graph as it grows. Any: onnx and numpy values, whose types say little here."""

    def __init__(self, weights: dict[str, Any]) -> None:
        self.weights = weights
        self.data = bytearray()
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def embedding(self) -> str:
        """Word and position; the token type is always the first, so it is added to the positions once and for all."""
        at = "embeddings"
        types = self.weights[f"{at}.token_type_embeddings.weight"]
        words = self._weight("words", self.weights[f"{at}.word_embeddings.weight"])
        positions = self._weight("positions", self.weights[f"{at}.position_embeddings.weight"] + types[0])
        word = self._node("Gather", [words, "input_ids"])
        shape = self._node("Shape", ["input_ids"], start=1)
        start, axes = self._constant("start", [0]), self._constant("axes", [0])
        position = self._node("Slice", [positions, start, shape, axes])
        self._node("Cast", ["attention_mask"], output="mask", to=6)  # int32, as Attention wants it
        return self._normal(self._node("Add", [word, position]), f"{at}.LayerNorm")

    def layer(self, hidden: str, at: str) -> str:
        part = f"{at}.attention.self"
        joined = np.concatenate([self.weights[f"{part}.{name}.weight"].T for name in ("query", "key", "value")], axis=1)
        biases = np.concatenate([self.weights[f"{part}.{name}.bias"] for name in ("query", "key", "value")])
        inputs = [hidden, self._weight(f"{part}.weight", joined), self._weight(f"{part}.bias", biases), "mask"]
        attended = self._node("Attention", inputs, fused=True, num_heads=HEADS)
        hidden = self._add_and_normal(self._linear(attended, f"{at}.attention.output.dense"), hidden, f"{at}.attention.output")
        wide = self._linear(hidden, f"{at}.intermediate.dense")
        wide = self._node("BiasGelu", [wide, self._bias(f"{at}.intermediate.dense")], fused=True)
        return self._add_and_normal(self._linear(wide, f"{at}.output.dense"), hidden, f"{at}.output")

    def pooling(self, hidden: str) -> None:
        """The mean over the tokens that are not padding, at unit length."""
        self._node("Identity", [hidden], output="tokens")
        axis, last = self._constant("axis", [1]), self._constant("last", [-1])
        mask = self._node("Unsqueeze", [self._node("Cast", ["attention_mask"], to=1), last])
        total = self._node("ReduceSum", [self._node("Mul", [hidden, mask]), axis], keepdims=0)
        mean = self._node("Div", [total, self._node("ReduceSum", [mask, axis], keepdims=0)])
        self._node("LpNormalization", [mean], output="sentence", axis=-1, p=2)

    def model(self, data_name: str) -> bytes:
        from onnx import TensorProto, helper

        inputs = [
            helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in ("input_ids", "attention_mask")
        ]
        outputs = [
            helper.make_tensor_value_info("sentence", TensorProto.FLOAT, ["batch", WIDTH]),
            helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["batch", "length", WIDTH]),
        ]
        for tensor in self.initializers:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = data_name
        graph = helper.make_graph(self.nodes, "all-MiniLM-L6-v2", inputs, outputs, self.initializers)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()

    def _linear(self, hidden: str, at: str) -> str:
        """Without the bias, which the next fused operator adds."""
        return self._node("MatMul", [hidden, self._weight(f"{at}.weight", self.weights[f"{at}.weight"].T)])

    def _bias(self, at: str) -> str:
        return self._weight(f"{at}.bias", self.weights[f"{at}.bias"])

    def _normal(self, hidden: str, at: str) -> str:
        scale = self._weight(f"{at}.weight", self.weights[f"{at}.weight"])
        return self._node("LayerNormalization", [hidden, scale, self._bias(at)], epsilon=EPSILON)

    def _add_and_normal(self, hidden: str, residual: str, at: str) -> str:
        scale = self._weight(f"{at}.LayerNorm.weight", self.weights[f"{at}.LayerNorm.weight"])
        inputs = [hidden, residual, scale, self._bias(f"{at}.LayerNorm"), self._bias(f"{at}.dense")]
        return self._node("SkipLayerNormalization", inputs, fused=True, epsilon=EPSILON)

    def _node(self, kind: str, inputs: list[str], *, output: str | None = None, fused: bool = False, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"{kind}.{len(self.nodes)}"
        domain = "com.microsoft" if fused else None
        self.nodes.append(helper.make_node(kind, inputs, [name], domain=domain, **attributes))
        return name

    def _weight(self, name: str, values: Any) -> str:
        """An initializer whose values lie in the data file, at a page's start so that they can be mapped."""
        from onnx import TensorProto

        self.data += b"\0" * (-len(self.data) % 4096)
        raw = values.astype("<f4").tobytes()
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=values.shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", ""), ("offset", len(self.data)), ("length", len(raw))):
            tensor.external_data.add(key=key, value=str(value))
        self.data += raw
        self.initializers.append(tensor)
        return name

    def _constant(self, name: str, values: list[int]) -> str:
        from onnx import TensorProto, helper

        self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
