"""Files of named arrays that are read by mapping them into memory: the length of a table, the table, the arrays."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from stoa.adapters.graph.arrays import Array, Lists, Texts
from stoa.kit.files import write_atomic

_ALIGN = 64


def write(path: Path, arrays: Mapping[str, Array | Lists | Texts]) -> None:
    """One file, whole or not at all. A list of lists takes two arrays, the other named with `.first` behind."""
    single = dict[str, Array]()
    for name, array in arrays.items():
        if isinstance(array, Lists | Texts):
            single |= {name: array.flat, f"{name}.first": array.first}
        else:
            single[name] = array
    at, table, parts = 0, dict[str, tuple[str, int, int]](), list[bytes]()
    for name, array in single.items():
        data = np.ascontiguousarray(array).tobytes()
        table[name] = (array.dtype.str, at, len(array))
        padding = -len(data) % _ALIGN
        parts += [data, bytes(padding)]
        at += len(data) + padding
    head = msgspec.msgpack.encode(table)
    write_atomic(path, b"".join([len(head).to_bytes(8, "little"), head, bytes(-(8 + len(head)) % _ALIGN), *parts]))


def mapped(path: Path) -> dict[str, Array]:
    """The arrays of a file, read from disk as they are used. Raises FileNotFoundError."""
    raw = np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
    length = int.from_bytes(raw[:8].tobytes(), "little")
    table = msgspec.msgpack.decode(raw[8 : 8 + length].tobytes(), type=dict[str, tuple[str, int, int]])
    start = 8 + length + -(8 + length) % _ALIGN
    found = dict[str, Array]()
    for name, (kind, at, count) in table.items():
        dtype = np.dtype(kind)
        found[name] = raw[start + at : start + at + count * dtype.itemsize].view(dtype)
    return found
