"""What Stoa has in common with three packages that it does not depend on: litellm's SDK, botocore and presidio-analyzer.

They want other versions than Stoa pins, so their tests run in the environment of the suites, against the adapters as they are.
"""

from pathlib import Path

import pytest
from tests.conformance.conftest import ROOT, run_own_tests

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

_FOLDER = ROOT / "tests" / "adapters"


@pytest.mark.parametrize(
    ("file", "chosen", "at_least"),
    [
        ("providers/test_litellm_sdk.py", (), 7),
        ("providers/test_gateway.py", ("-k", "litellm"), 25),
        ("providers/test_botocore.py", (), 1),
        ("guards/test_presidio_sdk.py", (), 7),
    ],
)
def test_the_adapter_and_the_package_understand_each_other(
    file: str, chosen: tuple[str, ...], at_least: int, tmp_path: Path
) -> None:
    verdict = run_own_tests(_FOLDER / file, tmp_path / "report.xml", *chosen)
    assert verdict.told == ""
    assert verdict.skipped == {}
    assert len(verdict.passed) >= at_least
