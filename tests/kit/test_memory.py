"""What the C library is told about memory."""

import subprocess
import sys

import pytest

_IN_A_FRESH_PROCESS = """
import ctypes
from stoa.kit.memory import LARGE_BYTES, large_blocks_apart

class Counts(ctypes.Structure):  # as mallinfo2(3) gives them
    _fields_ = [(name, ctypes.c_size_t) for name in
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

library = ctypes.CDLL(None)
if hasattr(library, "mallinfo2"):
    library.mallinfo2.restype, library.malloc.restype = Counts, ctypes.c_void_p
    library.malloc.argtypes, library.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    large_blocks_apart()
    library.free(library.malloc(16 * LARGE_BYTES))  # after this glibc would take blocks up to that size from what it has
    before = library.mallinfo2().hblks
    block = library.malloc(2 * LARGE_BYTES)
    print(library.mallinfo2().hblks - before)
"""


def test_large_blocks_lie_apart_even_after_larger_ones_were_freed() -> None:
    """In a process of its own: what others left free in this one's heap would be taken first, and it would stay so here."""
    told = subprocess.run([sys.executable, "-c", _IN_A_FRESH_PROCESS], capture_output=True, text=True, check=True).stdout
    if not told:
        pytest.skip("not glibc 2.33 or newer")
    assert told.strip() == "1"
