"""The `openai` and `anthropic` clients, and langchain's own suite for chat models, as their users run them."""

from pathlib import Path

import pytest
from tests.conformance.conftest import MODELS, Served, Verdict, run_pytest

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

_NOT_ASKED = {
    "test_image_tool_message",  # OpenAI's chat form has no images in what a tool gave back
    "test_pdf_tool_message",
    "test_stream_time",  # a benchmark of recorded traffic
}
_NOT_ASKED_OF_ANTHROPIC = {
    "test_json_mode",  # JSON without a schema, which Anthropic's form cannot promise: it is refused by name
    "test_audio_inputs",  # Anthropic's models hear nothing
}


def _run(suite: str, served: Served, model: str, tmp_path: Path) -> Verdict:
    environment = {"CONFORMANCE_URL": served.stoa.url, "CONFORMANCE_KEY": served.key, "CONFORMANCE_MODEL": model}
    verdict = run_pytest(suite, tmp_path / "report.xml", **environment)
    assert verdict.passed or verdict.failed
    return verdict


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("suite", ["openai_chat", "openai_completions", "openai_responses", "anthropic_messages"])
def test_the_makers_own_client_is_served(served: Served, suite: str, model: str, tmp_path: Path) -> None:
    assert _run(f"{suite}.py", served, model, tmp_path).told == ""


def test_the_openai_client_draws_speaks_hears_judges_embeds_and_keeps_files(served: Served, tmp_path: Path) -> None:
    verdict = _run("openai_operations.py", served, "gpt-5-script", tmp_path)
    assert verdict.told == ""
    assert (len(verdict.passed) > 20, verdict.skipped) == (True, {})


@pytest.mark.parametrize("model", MODELS)
def test_langchain_chats(served: Served, model: str, tmp_path: Path) -> None:
    verdict = _run("langchain_chat.py", served, model, tmp_path)
    assert verdict.told == ""
    assert len(verdict.passed) > 80
    assert set(verdict.skipped) == _NOT_ASKED | (_NOT_ASKED_OF_ANTHROPIC if model.startswith("claude") else set())
