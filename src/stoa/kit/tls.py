"""TLS contexts from files, made anew when the files change, so that a renewed certificate needs no restart."""

import logging
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path

log = logging.getLogger("stoa.tls")

_LOOK_EVERY_S = 1.0

Stamp = tuple[tuple[int, int, int] | None, ...]
Contexts = Callable[[], ssl.SSLContext]
"""Gives the context for the next connection."""


class Renewed:
    """A context that follows its files. Asking costs a look at the files once a second at most, and nothing while nobody asks.

    Files that cannot be used leave the context before them in place, and are reported once. `make` may raise OSError
    or ValueError; the first time both are the caller's.
    """

    def __init__(
        self, files: Sequence[Path], make: Callable[[], ssl.SSLContext], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._files = files
        self._make = make
        self._clock = clock
        self._looked = clock()
        self._stamp = self._look()
        self._context = make()

    def __call__(self) -> ssl.SSLContext:
        now = self._clock()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                self._renew()
        return self._context

    def _renew(self) -> None:
        names = ", ".join(str(file) for file in self._files)
        try:
            self._context = self._make()
        except (OSError, ValueError) as error:
            log.error("%s changed and cannot be used, so what was there before stays in use: %s", names, error)
        else:
            log.info("%s changed and is in use", names)

    def _look(self) -> Stamp:
        return tuple(_stamp(file) for file in self._files)


def no_password() -> str:
    """OpenSSL would ask at the terminal."""
    raise ValueError("the key is encrypted with a password")


def reason(error: OSError | ValueError) -> str:
    """What went wrong, without OpenSSL's file and line."""
    found = error.reason if isinstance(error, ssl.SSLError) else error.strerror if isinstance(error, OSError) else None
    return (found or str(error)).lower().replace("_", " ")


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
