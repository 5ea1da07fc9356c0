"""What the C library is told about memory."""

import ctypes

import pytest

from stoa.kit.memory import LARGE_BYTES, large_blocks_apart


class Counts(ctypes.Structure):
    """As mallinfo2(3) gives them."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def test_large_blocks_lie_apart_even_after_larger_ones_were_freed() -> None:
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("not glibc 2.33 or newer")
    library.mallinfo2.restype, library.malloc.restype = Counts, ctypes.c_void_p
    library.malloc.argtypes, library.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    large_blocks_apart()
    library.free(library.malloc(16 * LARGE_BYTES))  # after this glibc would take blocks up to that size from what it has
    before = library.mallinfo2().hblks
    block = library.malloc(2 * LARGE_BYTES)
    apart = library.mallinfo2().hblks - before
    library.free(block)
    assert apart == 1
