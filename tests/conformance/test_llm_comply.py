"""llm-comply, which checks answers and events against the published schemas of three APIs."""

import json

import httpx
import pytest
from tests.conformance.conftest import CACHED, CROSSED, PYTHON, Served, Verdict, run_tool
from tests.conformance.upstream.server import KEY

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

_TEXT = ("basic-response", "system-prompt", "multi-turn", "streaming-response", "streaming-usage", "error-handling")
_CHAT_TEXT = tuple(f"chat-{each}" for each in _TEXT)
_MESSAGES_TEXT = tuple(f"anth-{each}" for each in _TEXT)
_RESPONSES_TEXT = _TEXT
_NOT_OFFERED = {"compact-response"}
"""Compaction at /v1/responses/compact, which the suite calls advisory: its result is sealed for the models of who made it."""
_ANTHROPIC = ("--auth-header", "x-api-key", "--no-bearer", "-H", "anthropic-version:2023-06-01")
"""As Anthropic's clients send their key."""


def test_the_scripted_upstream_itself_passes(upstream: str) -> None:
    verdict = _comply(f"{upstream}/v1", KEY, "gpt-5-script", "openai-chat")
    assert verdict.told == ""
    verdict = _comply(f"{upstream}/anthropic/v1", KEY, "claude-sonnet-4-script", "anthropic", *_ANTHROPIC)
    assert verdict.told == ""
    assert verdict.skipped == {}


@pytest.mark.parametrize(
    ("form", "model", "options"),
    [
        ("openai-chat", "gpt-5-script", ()),
        ("openai-chat", CROSSED["openai-chat"], ()),
        ("anthropic", "claude-sonnet-4-script", _ANTHROPIC),
        ("anthropic", CROSSED["anthropic"], _ANTHROPIC),
    ],
)
def test_answers_and_events_hold_to_the_schemas(served: Served, form: str, model: str, options: tuple[str, ...]) -> None:
    verdict = _comply(served.base_url, served.key, model, form, *options)
    assert verdict.told == ""
    assert verdict.skipped == {}
    assert len(verdict.passed) == 9


@pytest.mark.parametrize("model", ["gpt-5-script", CROSSED["openai-chat"]])
def test_open_responses(served: Served, model: str) -> None:
    verdict = _comply(served.base_url, served.key, model, "open-responses")
    assert set(verdict.failed) == _NOT_OFFERED, verdict.told
    assert verdict.skipped == {}
    assert len(verdict.passed) == 12


@pytest.mark.parametrize("model", CACHED)
@pytest.mark.parametrize(
    ("form", "checks", "options"),
    [("openai-chat", _CHAT_TEXT, ()), ("anthropic", _MESSAGES_TEXT, _ANTHROPIC), ("open-responses", _RESPONSES_TEXT, ())],
)
def test_what_the_cache_gives_holds_to_the_schemas_too(
    served: Served, form: str, checks: tuple[str, ...], options: tuple[str, ...], model: str
) -> None:
    for _ in range(2):
        hits = _hits(served)
        verdict = _comply(served.base_url, served.key, model, form, "--filter", ",".join(checks), *options)
        assert verdict.told == ""
        assert set(verdict.passed) == set(checks)
    assert _hits(served) - hits >= len(checks) - 1, "all but the refused request came from the cache"


@pytest.mark.parametrize(
    ("form", "checks", "options"),
    [("openai-chat", _CHAT_TEXT, ()), ("anthropic", _MESSAGES_TEXT, _ANTHROPIC), ("open-responses", _RESPONSES_TEXT, ())],
)
def test_the_built_in_reader_as_far_as_it_is_text(
    served: Served, form: str, checks: tuple[str, ...], options: tuple[str, ...]
) -> None:
    verdict = _comply(served.base_url, served.key, "stoa-reader", form, "--filter", ",".join(checks), *options)
    assert verdict.told == ""
    assert set(verdict.passed) == set(checks)


def _hits(served: Served) -> int:
    """Answers that the cache has given so far."""
    with httpx.Client(base_url=served.stoa.url) as client:
        lines = client.get("/metrics").text.splitlines()
    return sum(
        int(float(line.rpartition(" ")[2]))
        for line in lines
        if line.startswith("stoa_requests_total{") and 'cache="hit"' in line
    )


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
