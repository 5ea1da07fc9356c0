"""Refusals as providers really word them, and the class that each is of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.dialects.classify import class_of, quota_spent
from stoa.dialects.table import UPSTREAMS

SAID = [
    # OpenAI, Azure
    (400, "context_length_exceeded invalid_request_error", "The maximum context length is 8192 tokens.", "context_window"),
    (429, "rate_limit_exceeded requests", "Rate limit reached for gpt-4o. Please try again in 20s.", "rate_limit"),
    (429, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details.", "rate_limit"),
    (401, "invalid_api_key invalid_request_error", "Incorrect API key provided: sk-*1234.", "credentials"),
    (404, "model_not_found invalid_request_error", "The model `gpt-9` does not exist or you do not have access.", "not_found"),
    (400, "content_filter", "The prompt triggered our content management policy.", "content_policy"),
    (400, "content_policy_violation", "Your request was rejected as a result of our safety system.", "content_policy"),
    (400, "invalid_request_error", "Invalid value for 'temperature'.", "invalid_request"),
    (404, "DeploymentNotFound", "The API deployment for this resource does not exist.", "not_found"),
    # Anthropic
    (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_window"),
    (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", "rate_limit"),
    (529, "overloaded_error", "Overloaded", "server_error"),
    (403, "permission_error", "Your API key does not have permission to use the resource.", "credentials"),
    (402, "billing_error", "Payment required.", "rate_limit"),
    # vLLM, TGI, Groq, Mistral, DeepSeek, OpenRouter
    (400, "BadRequestError", "The maximum context length is 4096 tokens. You requested 5000.", "context_window"),
    (422, "validation", "`inputs` must have less than 4000 tokens. Given: 5000", "context_window"),
    (413, "rate_limit_exceeded tokens", "Request too large for model on tokens per minute (TPM): Limit 6000.", "rate_limit"),
    (498, None, "Flex tier capacity exceeded.", "rate_limit"),
    (402, None, "Insufficient Balance", "rate_limit"),
    (503, None, "The server is overloaded.", "server_error"),
    (424, None, "The model is not ready.", "server_error"),
    (403, None, "Input requires moderation and was flagged.", "content_policy"),
    # by the status alone
    (408, None, "", "timeout"),
    (504, None, "", "timeout"),
    (524, None, "error code: 524", "timeout"),
    (500, None, "<html>oops</html>", "server_error"),
    (418, None, "", "invalid_request"),
    (302, None, "", "server_error"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "message", "error_class"), SAID)
def test_a_refusal_is_of_its_class(status: int, code: str | None, message: str, error_class: str) -> None:
    assert class_of(status, code, message) == error_class


WITHIN = [
    ("overloaded_error", "Overloaded", "server_error"),
    ("server_error", "The server had an error while processing your request.", "server_error"),
    ("rate_limit_exceeded", "Rate limit reached", "rate_limit"),
    (None, "maximum context length is 8192 tokens", "context_window"),
    ("content_filter", "", "content_policy"),
    ("invalid_request_error", "no such field", "invalid_request"),
    (None, "request timed out", "timeout"),
    (None, "", "server_error"),
]


@pytest.mark.parametrize(("code", "message", "error_class"), WITHIN)
@pytest.mark.parametrize("status", [0, 200])
def test_an_error_within_a_stream_is_told_by_its_words_alone(
    status: int, code: str | None, message: str, error_class: str
) -> None:
    assert class_of(status, code, message) == error_class


@pytest.mark.parametrize("status", [408, 429, 504, 524])
def test_what_a_caller_wrote_does_not_change_what_a_status_says(status: int) -> None:
    expected = class_of(status, None, "")
    assert class_of(status, None, "your message 'context window content_policy invalid_api_key' could not be read") == expected


def test_what_stands_far_back_in_a_message_is_not_looked_at() -> None:
    assert class_of(400, None, "Unknown field. You wrote: " + "x" * 400 + "context window") == "invalid_request"


@given(status=st.integers(0, 999), code=st.none() | st.text(max_size=30), message=st.text(max_size=500))
def test_there_is_a_class_for_everything(status: int, code: str | None, message: str) -> None:
    assert class_of(status, code, message)


def test_a_spent_quota_is_told_from_a_limit_of_the_moment() -> None:
    assert quota_spent("insufficient_quota", "")
    assert quota_spent(None, "Insufficient Balance")
    assert not quota_spent("rate_limit_exceeded", "Rate limit reached. Try again in 20s.")


ERRORS = {
    "chat": b'{"error":{"message":"maximum context length is 8192 tokens","type":"invalid_request_error","code":null}}',
    "messages": b'{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3 tokens > 2"}}',
    "gemini": b'{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"token count exceeds the maximum"}}',
    "bedrock": b'{"__type":"ValidationException","message":"Input is too long for requested model."}',
    "cohere": b'{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081"}',
}


@pytest.mark.parametrize("form", UPSTREAMS)
def test_every_dialect_reads_its_own(form) -> None:
    assert UPSTREAMS[form].read_error(400, ERRORS[form]).error_class == "context_window"


@pytest.mark.parametrize("form", UPSTREAMS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":', b"\xff", b'{"error":{}}'])
def test_a_body_of_no_dialect_is_of_the_class_of_its_status(form, body: bytes) -> None:
    upstream = UPSTREAMS[form]
    classes = [upstream.read_error(status, body).error_class for status in (401, 404, 429, 500)]
    assert classes == ["credentials", "not_found", "rate_limit", "server_error"]


def test_google_says_in_its_body_when_to_come_back() -> None:
    details = b'[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]'
    body = b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota","details":%b}}' % details
    read = UPSTREAMS["gemini"].read_error(429, body)
    assert (read.error_class, read.retry_after_s) == ("rate_limit", 34.5)
