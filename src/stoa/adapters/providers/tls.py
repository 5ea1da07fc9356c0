"""TLS towards an upstream: its authority, our certificate, the name it must show; read anew when the files change."""

import ssl
from pathlib import Path

from stoa.domain.upstream import TlsOptions
from stoa.kit.tls import Renewed, no_password


class TlsContexts:
    """One context for the same options, however many origins have them."""

    def __init__(self) -> None:
        self._made: dict[TlsOptions, Renewed] = {}

    def of(self, options: TlsOptions) -> ssl.SSLContext:
        """Raises OSError or ValueError for files that cannot be used, until they can."""
        found = self._made.get(options)
        if found is None:
            found = self._made[options] = client_contexts(options)
        return found()


def client_contexts(options: TlsOptions) -> Renewed:
    """Raises OSError or ValueError for files that cannot be used."""

    def make() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=options.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not options.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if options.certificate_file is not None:
            context.load_cert_chain(options.certificate_file, options.key_file, password=no_password)
        return context

    files = (options.ca_file, options.certificate_file, options.key_file)
    return Renewed([Path(file) for file in files if file is not None], make)
