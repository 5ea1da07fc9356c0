"""llm-comply, which checks answers and events against the published schemas of three APIs."""

import json

import pytest
from tests.conformance.conftest import PYTHON, Served, Verdict, run_tool
from tests.conformance.upstream.server import KEY

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

_TEXT_ONLY = (
    "chat-basic-response,chat-system-prompt,chat-multi-turn,chat-streaming-response,chat-streaming-usage,chat-error-handling"
)


def test_the_scripted_upstream_itself_passes(upstream: str) -> None:
    verdict = _comply(f"{upstream}/v1", KEY, "gpt-5-script", "openai-chat")
    assert verdict.told == ""
    anthropic = ["--auth-header", "x-api-key", "--no-bearer", "-H", "anthropic-version:2023-06-01"]
    verdict = _comply(f"{upstream}/anthropic/v1", KEY, "claude-sonnet-4-script", "anthropic", *anthropic)
    assert verdict.told == ""
    assert verdict.skipped == {}


def test_openai_chat(served: Served) -> None:
    verdict = _comply(served.base_url, served.key, "gpt-5-script", "openai-chat")
    assert verdict.told == ""
    assert verdict.skipped == {}
    assert len(verdict.passed) == 9


def test_openai_chat_of_the_built_in_reader_as_far_as_it_is_text(served: Served) -> None:
    verdict = _comply(served.base_url, served.key, "stoa-reader", "openai-chat", "--filter", _TEXT_ONLY)
    assert verdict.told == ""
    assert len(verdict.passed) == 6


def _comply(base_url: str, key: str, model: str, form: str, *options: str) -> Verdict:
    """A warning counts as a failure."""
    command = [PYTHON.with_name("llm-comply"), "--json", "--base-url", base_url, "--api-key", key, "--model", model]
    done = run_tool([*command, "--format", form, *options])
    verdict = Verdict()
    for each in json.loads(done.stdout)["results"]:
        said = "; ".join([*each.get("errors", ()), *each.get("warnings", ())])
        if each["status"] == "skipped":
            verdict.skipped[each["id"]] = said
        elif each["status"] == "passed" and not said:
            verdict.passed.append(each["id"])
        else:
            verdict.failed[each["id"]] = said
    return verdict
