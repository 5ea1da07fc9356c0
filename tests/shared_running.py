"""What several files of tests share while it runs: they follow one another in one process, and it ends with the last of them.

A Stoa that nobody asks any more still takes a tenth of a core from the tests after it; a browser takes seconds to start.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

_Started = TypeVar("_Started")

_FILES = {
    "a Stoa for the suites of others": ("tests/conformance/",),
    "a Stoa with the example company": tuple(
        f"tests/journeys/test_{name}" for name in ("first_journey", "knowledge_graph", "page_journey")
    ),
    "a plain Stoa": tuple(
        f"tests/journeys/test_{name}"
        for name in ("alike", "cache", "guardrails", "knowledge_apis", "playground", "routes_journey", "terms")
    ),
    "three gateways that count in one Redis": tuple(
        f"tests/journeys/test_{name}" for name in ("chaos_redis", "limits_over_replicas")
    ),
    "a browser before the double": ("tests/page/",),
}
"""The files by what they share."""
_running: dict[str, Any] = {}
_ends = ExitStack()


def shared_by(nodeid: str) -> str | None:
    """What the file of this test shares with others."""
    file = nodeid.partition("::")[0]
    return next((name for name, files in _FILES.items() if file.startswith(files)), None)


def shared(name: str, start: Callable[[], AbstractContextManager[_Started]]) -> _Started:
    """The one that runs already, else one that is started now."""
    if name not in _running:
        _running[name] = _ends.enter_context(start())
    return _running[name]


def end_shared() -> None:
    _running.clear()
    _ends.close()
