"""The tests of the hot path, once more with what `make compile` made: `make compiled-test`.

A plugin (`-p tests.compiled`), which takes effect as it is imported, before any conftest: a module that was imported as Python
stays Python. Left out are tests that cannot be about
machine code: their doubles derive from a class that is compiled, or put something else in the place of a field.
"""

import sys
from pathlib import Path

import pytest

from stoa.kit.compiled import told, use

PACKAGE = Path(__file__).parents[1] / "src" / "stoa"

OTHERWISE = {
    "test_nothing_of_a_request_is_held_once_it_is_answered": "compiled objects take no weak references",
    "gateway/test_events.py": "its double derives from the stream",
    "test_metrics.py::test_sums_are_those_of_the_usage_log": "its double derives from the counter",
    "test_metrics.py::test_every_metric_is_shown_with_name_kind_help_and_labels_of_the_catalogue": "as above",
    "test_metrics.py::test_every_stage_is_timed_and_their_sums_are_the_overhead": "as above",
    "test_pipeline.py::test_a_gateway_that_cannot_count_with_the_others_is_ready_and_says_so": "as above",
    "test_shadow.py::test_a_copy_that_cannot_be_made_harms_nothing": "it breaks a target by putting nothing in its place",
    "wire/test_kept_head.py": "its double derives from the connection",
}


_state = use(PACKAGE)


def pytest_configure() -> None:
    if _state != "compiled":
        pytest.exit(f"The hot path is run as {told(_state)}.", returncode=2)


def pytest_collection_finish() -> None:
    hot_path = (PACKAGE.parents[1] / "tools/compile/hot_path.txt").read_text().split()
    python = [name for name in hot_path if str(getattr(sys.modules.get(name), "__file__", "")).endswith(".py")]
    if python:
        pytest.exit(f"Imported as Python, before what is compiled was in use: {', '.join(python)}.", returncode=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for place, why in OTHERWISE.items():
            if place in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=why))
