"""One Stoa a home: a lock on `run/lock` that the kernel gives back when its holder dies, however it dies."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from stoa.errors import Busy
from stoa.kit.home import Home


@contextmanager
def hold(home: Home) -> Generator[None]:
    """Hold the home for as long as the block runs. Raises Busy, naming the holder, when another process has it."""
    descriptor = os.open(home.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(_taken(home, os.pread(descriptor, 32, 0))) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_held(home: Home) -> bool:
    """Whether a Stoa is running on this home now."""
    try:
        descriptor = os.open(home.run / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _taken(home: Home, written: bytes) -> str:
    pid = written.decode(errors="replace").strip()
    holder, stop = (f"process {pid}", f"kill {pid}") if pid.isdigit() else ("another process", "Ctrl-C where it runs")
    return (
        f"A Stoa is already running on the home {str(home.path)!r}: {holder}. "
        f"Stop it with: {stop}; or give this one a home and a port of its own: stoa up --home OTHER --port 8421"
    )
