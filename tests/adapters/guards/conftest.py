"""Own guards are reached as providers are: over the same client, against the same servers."""

from tests.adapters.providers.conftest import listen, read_request, upstreams

__all__ = ["listen", "read_request", "upstreams"]
