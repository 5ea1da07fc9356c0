"""The entry's certificate: TLS for a server of HTTP/1.1, from the files that the settings name."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path

from stoa.errors import SettingsError
from stoa.kit.tls import Renewed, no_password, reason


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


def _check_readable(field: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise SettingsError(f"Setting {field!r}: the file {path!r} cannot be read ({error.strerror}).", param=field) from None
