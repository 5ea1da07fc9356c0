"""Tests against a package that Stoa does not depend on are gathered only where it is installed."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("presidio_analyzer") else ["test_presidio_sdk.py"]
