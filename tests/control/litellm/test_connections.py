"""Each of LiteLLM's providers becomes the type that Stoa has for it, or goes through the SDK."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.control.litellm.conftest import Converted

Deployed = Callable[..., Converted]
KEY = "os.environ/KEY"
AWS = {"aws_access_key_id": "os.environ/ID", "aws_secret_access_key": "os.environ/SECRET", "aws_region_name": "us-east-1"}


@pytest.mark.parametrize(
    ("model", "provider", "upstream_name"),
    [
        ("gpt-4o", "openai", "gpt-4o"),
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("text-completion-openai/gpt-3.5-turbo-instruct", "openai", "gpt-3.5-turbo-instruct"),
        ("claude-sonnet-4-6", "anthropic", "claude-sonnet-4-6"),
        ("anthropic/claude-sonnet-4-6", "anthropic", "claude-sonnet-4-6"),
        ("gemini/gemini-2.5-flash", "gemini", "gemini-2.5-flash"),
        ("cohere_chat/command-a-03-2025", "cohere", "command-a-03-2025"),
        ("mistral/mistral-medium-latest", "mistral", "mistral-medium-latest"),
        ("groq/llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile"),
        ("together_ai/meta-llama/Llama-3.3-70B", "together", "meta-llama/Llama-3.3-70B"),
        ("openrouter/openai/gpt-5.4-mini", "openrouter", "openai/gpt-5.4-mini"),
        ("deepseek/deepseek-chat", "deepseek", "deepseek-chat"),
        ("ollama_chat/llama3.2", "ollama", "llama3.2"),
    ],
)
def test_a_provider_with_a_type_of_its_own_is_of_that_type(
    deployed: Deployed, model: str, provider: str, upstream_name: str
) -> None:
    found = deployed(model, api_key=KEY)
    assert found.fields("Provider", provider) == {"type": provider, "api_key": "${env:KEY}"}
    assert found.fields("Model", "m") == {"provider": provider, "upstream_name": upstream_name}


@pytest.mark.parametrize(
    ("model", "type_", "written", "base_url"),
    [
        ("openai/x", "openai-compatible", "http://llm:8000/v1/", "http://llm:8000/v1"),
        ("openai/x", "openai-compatible", "http://llm:8000/v1/chat/completions", "http://llm:8000/v1"),
        ("openai/x", "openai", "https://api.openai.com/v1", None),
        ("hosted_vllm/x", "vllm", "http://llm:8000/v1", "http://llm:8000/v1"),
        ("ollama/x", "ollama", "http://llm:11434", "http://llm:11434/v1"),
        ("ollama/x", "ollama", "http://127.0.0.1:11434", None),
        ("huggingface/tgi", "tgi", "http://llm:8080", "http://llm:8080/v1"),
        ("anthropic/x", "anthropic", "https://proxy.example/anthropic", "https://proxy.example/anthropic/v1"),
        ("anthropic/x", "anthropic", "https://api.anthropic.com/v1/messages", None),
        ("cohere/command-a", "cohere", "https://proxy.example/v1", "https://proxy.example/v2"),
        ("litellm_proxy/x", "openai-compatible", "http://other:4000", "http://other:4000/v1"),
        ("xai/grok-4", "openai-compatible", None, "https://api.x.ai/v1"),
        ("azure/x", "azure", "https://eu.openai.azure.com/", "https://eu.openai.azure.com"),
        ("azure/x", "azure", "https://eu.openai.azure.com/openai/deployments/x/chat/completions?api-version=2024-10-21",
         "https://eu.openai.azure.com"),
    ],
)  # fmt: skip
def test_an_address_becomes_what_the_type_wants(
    deployed: Deployed, model: str, type_: str, written: str | None, base_url: str | None
) -> None:
    found = deployed(model, api_key=KEY, **({"api_base": written} if written else {}))
    (provider,) = [each for each in found.names if each.startswith("Provider/")]
    fields = found.fields("Provider", provider.removeprefix("Provider/"))
    assert (fields["type"], fields.get("base_url")) == (type_, base_url)


def test_azure_keeps_its_version_and_its_application(deployed: Deployed) -> None:
    found = deployed(
        "azure/my-deployment", api_base="https://eu.openai.azure.com", api_version="2024-10-21", tenant_id="t",
        client_id="os.environ/APP", client_secret="s3cret",
    )  # fmt: skip
    assert found.fields("Provider", "azure") == {
        "type": "azure",
        "base_url": "https://eu.openai.azure.com",
        "api_version": "2024-10-21",
        "credentials": {
            "tenant_id": "${env:IMPORTED_AZURE_TENANT_ID}",
            "client_id": "${env:APP}",
            "client_secret": "${env:IMPORTED_AZURE_CLIENT_SECRET}",
        },
    }
    assert "s3cret" not in repr(found.conversion)


@pytest.mark.parametrize(
    "model",
    [
        "bedrock/anthropic.claude-sonnet-4",
        "bedrock/converse/anthropic.claude-sonnet-4",
        "bedrock/us-west-2/anthropic.claude-sonnet-4",
    ],
)
def test_bedrock_keeps_its_keys_and_region(deployed: Deployed, model: str) -> None:
    found = deployed(model, **AWS)
    assert found.fields("Provider", "bedrock") == {
        "type": "bedrock",
        "region": "us-east-1",
        "credentials": {"aws_access_key_id": "${env:ID}", "aws_secret_access_key": "${env:SECRET}"},
    }
    assert found.fields("Model", "m")["upstream_name"] == "anthropic.claude-sonnet-4"


def test_bedrock_without_keys_takes_those_of_the_environment_and_says_so(deployed: Deployed) -> None:
    found = deployed("bedrock/amazon.nova-lite-v1:0", {"AWS_REGION": "eu-west-1"})
    assert found.fields("Provider", "bedrock")["credentials"]["aws_access_key_id"] == "${env:AWS_ACCESS_KEY_ID}"
    assert "takes no key from a machine's role" in found.note("model_list[0].litellm_params.model")


def test_a_role_to_assume_goes_through_the_sdk_with_everything_it_needs(deployed: Deployed) -> None:
    found = deployed("bedrock/anthropic.claude-sonnet-4", aws_role_name="arn:aws:iam::1:role/x", aws_session_name="s", **AWS)
    provider = found.fields("Provider", "bedrock-sdk")
    assert (provider["type"], provider["region"]) == ("litellm", "us-east-1")
    assert {*provider["credentials"]} == {
        "aws_role_name", "aws_session_name", "aws_access_key_id", "aws_secret_access_key",
    }  # fmt: skip
    assert found.fields("Model", "m")["upstream_name"] == "bedrock/anthropic.claude-sonnet-4"
    assert "stoa[litellm]" in found.note("model_list[0].litellm_params.model")


def test_vertex_is_one_provider_for_gemini_and_one_for_claude(converted: Callable[..., Converted]) -> None:
    place = {"vertex_project": "acme", "vertex_location": "europe-west4", "vertex_credentials": "key.json"}
    names = ("gemini-2.5-pro", "claude-sonnet-4-6", "meta/llama-4")
    models = [{"model_name": name, "litellm_params": {"model": f"vertex_ai/{name}", **place}} for name in names]
    found = converted({"model_list": models})
    google, claude, sdk = (each.removeprefix("Provider/") for each in found.names if each.startswith("Provider/"))
    assert found.fields("Provider", google) == {
        "type": "vertex", "project": "acme", "region": "europe-west4",
        "credentials": {"service_account": "${env:IMPORTED_VERTEX_SERVICE_ACCOUNT}"},
    }  # fmt: skip
    assert found.fields("Provider", claude)["speaks"] == ("messages",)
    assert found.fields("Provider", sdk)["type"] == "litellm"
    secret = found.conversion.secrets[0]
    assert (secret.origin, secret.value) == ("file", "key.json")


def test_a_provider_that_stoa_does_not_know_goes_through_the_sdk(deployed: Deployed) -> None:
    found = deployed("watsonx/ibm/granite-3", api_key=KEY, api_base="https://us-south.ml.cloud.ibm.com", project_id="p-1")
    assert found.fields("Provider", "watsonx") == {
        "type": "litellm", "base_url": "https://us-south.ml.cloud.ibm.com", "api_key": "${env:KEY}",
        "credentials": {"project_id": "${env:IMPORTED_WATSONX_PROJECT_ID}"},
    }  # fmt: skip
    assert found.fields("Model", "m")["upstream_name"] == "watsonx/ibm/granite-3"


def test_headers_organization_certificate_and_timeouts_are_the_provider_s(deployed: Deployed) -> None:
    found = deployed(
        "openai/gpt-4o", api_key=KEY, organization="org-1", timeout=30, stream_timeout=5, ssl_verify="/etc/ca.pem",
        extra_headers={"X-Team": "red", "X-Api-Token": "s3cret", "X Y": "a", "X-Lines": "a\nb"},
    )  # fmt: skip
    for header in ("['X Y']", ".X-Lines"):
        assert found.outcome(f"model_list[0].litellm_params.extra_headers{header}") == "left"
    assert found.fields("Provider", "openai") == {
        "type": "openai", "api_key": "${env:KEY}", "tls_ca": "/etc/ca.pem", "first_byte_timeout_s": 30.0, "idle_timeout_s": 5.0,
        "headers": {"X-Team": "red", "X-Api-Token": "${env:IMPORTED_OPENAI_X_API_TOKEN}", "OpenAI-Organization": "org-1"},
    }  # fmt: skip


def test_a_server_of_one_s_own_is_not_sent_openai_s_key(deployed: Deployed) -> None:
    found = deployed("openai/x", api_base="http://llm:8000/v1")
    assert "api_key" not in found.fields("Provider", "llm-8000")
    assert "Stoa sends no key" in found.note("model_list[0].litellm_params.model")


def test_providers_that_differ_in_a_key_alone_are_two_and_the_same_one_is_one(converted: Callable[..., Converted]) -> None:
    keys = ("os.environ/A", "os.environ/B", "os.environ/A")
    models = [
        {"model_name": f"m{n}", "litellm_params": {"model": "openai/gpt-4o", "api_key": key}} for n, key in enumerate(keys)
    ]
    found = converted({"model_list": models})
    assert [each for each in found.names if each.startswith("Provider/")] == ["Provider/openai", "Provider/openai-2"]
    assert [found.fields("Model", f"m{n}")["provider"] for n in range(3)] == ["openai", "openai-2", "openai"]


@pytest.mark.parametrize(
    ("model", "params", "told"),
    [
        ("something", {}, "Nobody can tell the provider"),
        ("azure/x", {}, "names no api_base"),
        ("azure/", {"api_base": "https://eu.openai.azure.com"}, "names no deployment of Azure"),
        ("azure/x", {"api_base": "os.environ/AZURE_BASE"}, "The variable 'AZURE_BASE'"),
        ("bedrock/x", {}, "names no aws_region_name"),
        ("vertex_ai/gemini-2.5-pro", {}, "names no vertex_project"),
        ("lm_studio/x", {}, "names no api_base"),
        ("vllm/x", {}, "runs vLLM inside of LiteLLM"),
        ("openai/x", {"api_base": "llm:8000"}, "is not a URL"),
        ("openai/x", {"api_base": "http://me:s3cret@llm/v1"}, "holds a password"),
        ("openai/x", {"api_key": "oidc/google/aud"}, "comes from an OIDC provider"),
        ("anthropic/x", {"info": {"mode": "embedding"}}, "do not offer embedding"),
        ("openai/x", {"info": {"mode": "video_generation"}}, "no models of mode 'video_generation'"),
    ],
)
def test_what_has_no_counterpart_is_left_as_a_whole_with_the_reason(
    deployed: Deployed, model: str, params: dict[str, Any], told: str
) -> None:
    found = deployed(model, **params)
    assert found.resources == []
    outcome, note = found.finding("model_list[0]")
    assert outcome == "left"
    assert told in note
    assert "s3cret" not in note
    assert found.conversion.secrets == []
