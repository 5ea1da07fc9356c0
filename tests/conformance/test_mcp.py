"""@modelcontextprotocol/conformance from npm: every scenario for servers, against `/mcp` as the control role serves it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.conftest import ROOT, node, run_tool

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

SUITE = ROOT / ".build" / "suites-node" / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
SCENARIOS = 31
"""For servers, in the version that package.json names."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.conformance.protocol.server", str(tmp_path_factory.mktemp("mcp"))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_every_scenario_passes(url: str, tmp_path: Path) -> None:
    done = run_tool([node(), SUITE, "server", "--url", url, "--suite", "all"], folder=tmp_path)
    checked: dict[str, list[str]] = {}
    for written in tmp_path.glob("results/server-*/checks.json"):
        checks = json.loads(written.read_text(encoding="utf-8"))
        (scenario,) = re.findall(r"^server-(.*)-\d{4}-\d\d-\d\dT", written.parent.name)
        checked[scenario] = [f"{each['id']}: {each.get('errorMessage')}" for each in checks if each["status"] == "FAILURE"]
    assert len(checked) == SCENARIOS, done.stdout + done.stderr
    assert {name: said for name, said in checked.items() if said} == {}
