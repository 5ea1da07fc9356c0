"""The `openai` and `anthropic` clients, and langchain's own suite for chat models, as their users run them."""

from pathlib import Path

import pytest
from tests.conformance.conftest import Served, Verdict, run_pytest

pytestmark = [pytest.mark.slow, pytest.mark.conformance]


def _run(suite: str, served: Served, model: str, tmp_path: Path) -> Verdict:
    environment = {"CONFORMANCE_URL": served.stoa.url, "CONFORMANCE_KEY": served.key, "CONFORMANCE_MODEL": model}
    verdict = run_pytest(suite, tmp_path / "report.xml", **environment)
    assert verdict.passed or verdict.failed
    return verdict


@pytest.mark.parametrize("model", ["gpt-5-script"])
def test_the_openai_client_chats(served: Served, model: str, tmp_path: Path) -> None:
    assert _run("openai_chat.py", served, model, tmp_path).failed == {}
