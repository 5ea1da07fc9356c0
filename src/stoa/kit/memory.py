"""What the C library does with freed memory, where it is glibc; elsewhere these do nothing."""

import ctypes
from contextlib import suppress

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)


def few_arenas() -> None:
    """Let the threads to come share two heaps, not eight a core: less is kept that nobody uses. Call it before they start."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, 2)


def give_back() -> None:
    """Return free pages to the machine; the C library keeps them for the process otherwise. Takes milliseconds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
