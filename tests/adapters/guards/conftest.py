"""Own guards are reached as providers are: over the same client, against the same servers.

Tests against a package that Stoa does not depend on are gathered only where it is installed.
"""

import importlib.util

from tests.adapters.providers.conftest import listen, read_request, upstreams

__all__ = ["listen", "read_request", "upstreams"]

collect_ignore = [] if importlib.util.find_spec("presidio_analyzer") else ["test_presidio_sdk.py"]
