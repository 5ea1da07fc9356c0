"""How much memory this process has, and what the C library does with what was freed (glibc's alone; elsewhere nothing)."""

import ctypes
import resource
import sys
from contextlib import suppress
from pathlib import Path

LARGE_BYTES = 1_048_576
"""Blocks from this size on lie apart."""

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # of mallopt(3)


def few_arenas() -> None:
    """Let the threads to come share two heaps, not eight a core: less is kept that nobody uses. Call it before they start."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, 2)


def large_blocks_apart() -> None:
    """Let large blocks lie apart from now on, each given back when it is freed, for a process that makes many and then rests.

    The C library does so from 128 KB on until it sees one freed, and then raises that up to 32 MB: what lies among larger ones
    keeps the holes that they leave. Costs the pages to be made anew each time.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Return free pages to the machine; the C library keeps them for the process otherwise. Takes milliseconds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def resident_bytes() -> int:
    """Resident memory; where the kernel does not tell it, the most there was."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # kibibytes but on macOS
