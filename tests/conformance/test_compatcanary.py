"""compatcanary from npm: chat completions, tools, structured output and responses, as an application would meet them."""

import json
from pathlib import Path

import pytest
from tests.conformance.conftest import MODELS, ROOT, Served, node, run_tool

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

SCANNER = ROOT / ".build" / "suites-node" / "node_modules" / "compatcanary" / "src" / "cli.js"


def _scan(served: Served, model: str, profile: str, report: Path) -> dict[str, str]:
    """What each probe says when it does not plainly pass; a warning counts as well."""
    options = ["--base-url", served.base_url, "--model", model, "--profile", profile]
    command = [node(), SCANNER, "scan", *options, "--format", "json", "--output", report]
    done = run_tool(command, OPENAI_API_KEY=served.key)
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["summary"]["total"] == {"modern": 7, "chat": 5}[profile]
    return {each["id"]: each["summary"] for each in found["results"] if each["status"] != "pass"}


@pytest.mark.parametrize("profile", ["chat", "modern"])
@pytest.mark.parametrize("model", MODELS)
def test_every_probe_passes(served: Served, model: str, profile: str, tmp_path: Path) -> None:
    assert _scan(served, model, profile, tmp_path / "report.json") == {}
