import json
from typing import Any

import pytest

from stoa.control.provider_fields import check, check_service_account
from stoa.control.reading import read_resource
from stoa.domain.resources import Provider
from stoa.errors import InvalidRequest

AWS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
ENTRA = {"tenant_id": "a", "client_id": "b", "client_secret": "c"}
ACCOUNT = {"service_account": "{}"}
AZURE_URL = "https://acme.openai.azure.com"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "openai", "api_key": "k"},
        {"type": "openai", "base_url": "https://proxy.internal/v1"},
        {"type": "openai-compatible", "base_url": "http://127.0.0.1:9/v1"},
        {"type": "anthropic", "api_key": "k", "speaks": ("messages",)},
        {"type": "gemini", "headers": {"x-goog-api-key": "k"}},
        {"type": "azure", "base_url": AZURE_URL, "api_key": "k", "speaks": ("chat", "responses")},
        {"type": "azure", "base_url": AZURE_URL, "credentials": ENTRA},
        {"type": "azure", "base_url": AZURE_URL, "credentials": ENTRA | {"token_url": "u", "scope": "s"}},
        {"type": "bedrock", "region": "us-east-1", "credentials": AWS},
        {"type": "bedrock", "region": "us-east-1", "credentials": AWS | {"aws_session_token": "t"}},
        {"type": "bedrock", "region": "us-east-1", "api_key": "k"},
        {"type": "vertex", "region": "global", "project": "acme", "credentials": ACCOUNT},
        {"type": "ollama"},
        {"type": "vllm"},
        {"type": "tgi", "base_url": "http://127.0.0.1:1/v1"},
        {"type": "litellm", "credentials": {"watsonx_project_id": "x"}},
    ],
)
def test_a_provider_that_can_be_connected_to_is_taken(fields: dict[str, Any]) -> None:
    check(Provider(name="p", **fields))


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"type": "openai"}, "api_key", "needs one"),
        ({"type": "anthropic"}, "api_key", "needs one"),
        ({"type": "openai-compatible"}, "base_url", "no address of its own"),
        ({"type": "azure", "api_key": "k"}, "base_url", "my-resource.openai.azure.com"),
        ({"type": "azure", "base_url": AZURE_URL}, "api_key", "client_id, client_secret, tenant_id"),
        ({"type": "azure", "base_url": AZURE_URL, "credentials": {"tenant": "x"}}, "credentials.tenant", "mean 'tenant_id'?"),
        ({"type": "azure", "base_url": AZURE_URL, "credentials": {"tenant_id": "x"}}, "credentials.client_id", "needs"),
        ({"type": "azure", "base_url": AZURE_URL, "credentials": ENTRA, "api_key": "k"}, "credentials", "api_key is given too"),
        ({"type": "bedrock", "credentials": AWS}, "region", "us-east-1"),
        ({"type": "bedrock", "region": "us-east-1"}, "api_key", "aws_access_key_id, aws_secret_access_key"),
        (
            {"type": "bedrock", "region": "us-east-1", "credentials": {"aws_secret_key": "x"}},
            "credentials.aws_secret_key",
            "mean 'aws_secret_access_key'?",
        ),
        ({"type": "vertex", "project": "acme", "credentials": ACCOUNT}, "region", "europe-west4"),
        ({"type": "vertex", "region": "global", "credentials": ACCOUNT}, "project", "Google Cloud project"),
        ({"type": "vertex", "region": "global", "project": "a"}, "credentials.service_account", "needs service_account"),
        ({"type": "vertex", "region": "global", "project": "a", "api_key": "k"}, "api_key", "no key"),
        ({"type": "groq", "api_key": "k", "credentials": {"x": "y"}}, "credentials", "takes none"),
        ({"type": "gemini", "api_key": "k", "speaks": ("chat",)}, "speaks", "leave the field out"),
        ({"type": "anthropic", "api_key": "k", "speaks": ("chat",)}, "speaks", "it can be messages"),
        ({"type": "ollama", "tls_key": "k.pem"}, "tls_key", "together"),
    ],
)
def test_what_is_missing_or_unknown_is_named_with_what_to_do(fields: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check(Provider(name="p", **fields))
    assert caught.value.param == field
    assert f"Provider 'p', field '{field}': " in caught.value.message
    assert said in caught.value.message


@pytest.mark.parametrize("text", ["sk-s3cret", "[]", "null", '{"client_email": "sk-s3cret"}'])
def test_a_key_file_that_is_none_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_service_account(Provider(name="p", type="vertex"), text)
    assert "s3cret" not in caught.value.message


def test_a_key_file_is_taken() -> None:
    check_service_account(
        Provider(name="p", type="vertex"), json.dumps({"client_email": "a", "private_key": "b", "token_uri": "c", "type": "d"})
    )


@pytest.mark.parametrize(
    "text", ["a\r\nx-evil: 1", "a\nb", "evil.example/", "a@evil.example", "..", "a b", "a\x00", "a#", "a?b", "é"]
)
@pytest.mark.parametrize("field", ["region", "project", "api_version", "name"])
def test_what_becomes_part_of_an_address_or_a_header_cannot_leave_its_place(field: str, text: str) -> None:
    sent = {"kind": "Provider", "name": "p", "type": "vertex", "region": "global", "project": "acme", field: text}
    with pytest.raises(InvalidRequest, match=field):
        read_resource(sent, place="resources[0]")
