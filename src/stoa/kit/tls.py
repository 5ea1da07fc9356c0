"""TLS contexts from files, made anew when the files change, so that a renewed certificate needs no restart."""

import logging
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stoa.errors import SettingsError

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


def server_contexts(
    certificate: str, key: str | None, client_ca: str | None, *, clock: Callable[[], float] = time.monotonic
) -> Renewed:
    """For a server of HTTP/1.1; with `client_ca` clients must show a certificate. Raises SettingsError naming the file."""

    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(certificate, key, password=no_password)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    named = {"tls_certificate": certificate, "tls_key": key, "tls_client_ca": client_ca}
    for field, path in named.items():
        if path is not None:
            _check_readable(f"gateway.{field}", path)
    try:
        return Renewed([Path(path) for path in named.values() if path is not None], make, clock=clock)
    except (OSError, ValueError) as error:
        found = " and ".join(repr(path) for path in named.values() if path is not None)
        raise SettingsError(
            f"The entry's certificate cannot be used: {reason(error)}. Found {found}; they must be PEM files, "
            "the key must be the certificate's own and without a password.",
            param="gateway.tls_certificate",
        ) from None


def no_password() -> str:
    """OpenSSL would ask at the terminal."""
    raise ValueError("the key is encrypted with a password")


def reason(error: OSError | ValueError) -> str:
    """What went wrong, without OpenSSL's file and line."""
    found = error.reason if isinstance(error, ssl.SSLError) else error.strerror if isinstance(error, OSError) else None
    return (found or str(error)).lower().replace("_", " ")


def _check_readable(field: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise SettingsError(f"Setting {field!r}: the file {path!r} cannot be read ({error.strerror}).", param=field) from None


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
