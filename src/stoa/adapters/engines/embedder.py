"""MiniLM on onnxruntime: texts in, unit vectors of 384 numbers out. One thread-safe object for the embedder and the reader."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from stoa.adapters.engines import openvino_graph
from stoa.adapters.engines.minilm_onnx import WIDTH, prepared, quick, vocabulary
from stoa.adapters.engines.tokenizer import minilm_tokenizer

Vectors = npt.NDArray[np.float32]
Batch = tuple[list[int], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Positions of texts, their ids and their mask."""

Runtime = Literal["onnxruntime", "openvino"]

MAX_TOKENS = 256
"""What the model was trained on; the rest of a longer text is cut off."""

BATCH_TOKENS: dict[Runtime, int] = {"onnxruntime": 512, "openvino": 1024}
"""Padded tokens in one run: enough to fill the matrix units, little enough to keep memory flat."""

CALLS_AT_ONCE = 4
"""Calls that find all of their threads at once; what another one asks for, its own thread does."""

QUICK_TOKENS = 64
"""Tokens of a text that comes alone, a question as a rule, up to which the quick graph answers."""

FEW_TOKENS = 160
"""The same for sentences: they differ in length, so that padding costs more there than small runs do."""

_PAD, _CLS, _SEP = 0, 101, 102


class MiniLM:
    """all-MiniLM-L6-v2. The graphs are built into `models` once; `threads` 0 is one for each core. Raises MissingExtra.

    Runs of several texts go beside each other, each in one thread: measured, a tenth less work than threads that share a run,
    and none waits for another. `runtime` openvino is used where that is installed and passes its trial; else onnxruntime is.
    """

    def __init__(self, models: Path, *, threads: int = 0, runtime: Runtime = "onnxruntime") -> None:
        self._threads = threads or _cores()
        graph = prepared(models)
        self._session = _session(graph, threads=1)
        self._quick = _session(quick(graph), threads=self._threads)
        self._tokenizer = minilm_tokenizer()
        self._vocabulary = vocabulary(graph)
        self._others = ThreadPoolExecutor(CALLS_AT_ONCE * self._threads, thread_name_prefix="minilm")
        ways: Sequence[openvino_graph.Way] = [self._exact] * self._threads
        self.runtime: Runtime = "onnxruntime"
        """What texts are embedded with; a short one alone always goes through onnxruntime's quick graph."""
        if runtime == "openvino" and openvino_graph.usable(graph, threads=self._threads):
            ways = openvino_graph.open_graph(graph, threads=self._threads)
            self.runtime = "openvino"
        self._free = SimpleQueue[openvino_graph.Way]()
        for way in ways:
            self._free.put(way)

    @property
    def tokenizer(self) -> Tokenizer:
        """Neither cuts nor pads."""
        return self._tokenizer

    @property
    def vocabulary(self) -> Vectors:
        """The table that the model takes words from, (30522, 384), mapped and not in memory. What a word means by itself."""
        return self._vocabulary

    def count_tokens(self, text: str) -> int:
        """Tokens of the text itself, without the model's two marks and without a limit."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Each text as token ids, without the model's two marks and without a limit."""
        if len(texts) == 1:  # a quarter of the time that a batch of one takes
            return [self._tokenizer.encode(texts[0], add_special_tokens=False).ids]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, (n, 384), in the order of the texts. What lies beyond 256 tokens of a text is not seen.

        One short text alone is a question that somebody waits for: its vector is the quick graph's, a cosine of .999 away.
        """
        return self.embed_tokens(self.encode(texts))

    def embed_tokens(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """The same for texts that are token ids already."""
        vectors = np.empty((len(rows), WIDTH), dtype=np.float32)
        if len(rows) == 1 and len(rows[0]) <= QUICK_TOKENS:
            for chosen, ids, mask in _batches(rows, QUICK_TOKENS + 2):
                (sentences,) = self._quick.run(["sentence"], {"input_ids": ids, "attention_mask": mask})
                vectors[chosen] = np.asarray(sentences)
            return vectors

        def run(batch: Batch) -> None:
            chosen, ids, mask = batch
            vectors[chosen] = self._run(ids, mask, "sentence")

        self._each(run, _batches(rows, BATCH_TOKENS[self.runtime], ways=self._threads))
        return vectors

    def embed_each_token(self, rows: Sequence[Sequence[int]]) -> list[Vectors]:
        """For each text, as token ids, one unit vector a token, (tokens, 384), without the model's two marks."""
        found: list[Vectors] = [np.empty((0, WIDTH), dtype=np.float32)] * len(rows)

        def run(batch: Batch) -> None:
            chosen, ids, mask = batch
            tokens = self._run(ids, mask, "tokens")
            for position, vectors, length in zip(chosen, tokens, mask.sum(axis=1), strict=True):
                own = vectors[1 : length - 1]
                found[position] = own / np.linalg.norm(own, axis=1, keepdims=True)

        self._each(run, _batches(rows, FEW_TOKENS))
        return found

    def _each(self, run: Callable[[Batch], None], batches: Iterator[Batch]) -> None:
        """Do all of them, in this thread and in as many others as there are cores beside it."""
        made = list(batches)
        left = iter(made)

        def some() -> None:
            for batch in left:
                run(batch)

        others = [self._others.submit(some) for _ in range(min(self._threads, len(made)) - 1)]
        try:
            some()
        finally:
            for other in others:
                if not other.cancel():
                    other.result()

    def _run(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64], output: openvino_graph.Output) -> Vectors:
        way = self._free.get()
        try:
            return way(ids, mask, output)
        finally:
            self._free.put(way)

    def _exact(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64], output: openvino_graph.Output) -> Vectors:
        (vectors,) = self._session.run([output], {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors)


def _session(graph: Path, *, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # lengths differ from run to run: an arena only grows
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to other roles
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(rows: Sequence[Sequence[int]], tokens: int, *, ways: int = 1) -> Iterator[Batch]:
    """Rows of like length together, so that little is padded; where that is less than a run for each way, in smaller runs."""
    lengths = [min(len(row) + 2, MAX_TOKENS) for row in rows]
    tokens = min(tokens, -(-sum(lengths) // ways))
    order = sorted(range(len(rows)), key=lengths.__getitem__)
    while order:
        longest = lengths[order[-1]]
        size = max(1, tokens // longest)
        order, chosen = order[:-size], order[-size:]
        ids = np.full((len(chosen), longest), _PAD, dtype=np.int64)
        for line, position in enumerate(chosen):
            length = lengths[position]
            ids[line, :length] = [_CLS, *rows[position][: length - 2], _SEP]
        yield chosen, ids, (np.arange(longest) < np.array([lengths[p] for p in chosen])[:, None]).astype(np.int64)
