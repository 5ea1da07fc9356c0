"""What an import takes for granted of Stoa's own providers is so."""

from typing import cast, get_args

import pytest
from tests.adapters.providers.scripted import connected

from stoa.adapters.providers.memory import MemoryUpstreams, Scripted
from stoa.adapters.providers.table import ProviderTable
from stoa.control.litellm.kinds import KINDS, offers, operation_of, told_apart
from stoa.domain.operations import Operation
from stoa.domain.providers import ProviderType


@pytest.mark.parametrize("kind", [each for each in get_args(ProviderType) if each != "litellm"])
def test_a_type_offers_what_its_adapter_opens(kind: ProviderType) -> None:
    link = ProviderTable(MemoryUpstreams(lambda _: Scripted())).link(*connected(kind, "http://llm"))
    for operation in get_args(Operation):
        opened = link.door(operation, "m", stream=False) is not None
        assert opened is offers(kind, cast("Operation", operation)), operation


def test_each_type_can_be_moved_to() -> None:
    without = {"tei"}  # LiteLLM knows no such server
    assert {kind.type for kind in KINDS.values()} | {"litellm"} == set(get_args(ProviderType)) - without


@pytest.mark.parametrize(
    ("model", "provider", "told"),
    [
        ("gpt-4o", None, ("openai", "gpt-4o")),
        ("o3-mini", None, ("openai", "o3-mini")),
        ("claude-3-opus", None, ("anthropic", "claude-3-opus")),
        ("anthropic.claude-v2", None, ("bedrock", "anthropic.claude-v2")),
        ("us.anthropic.claude-sonnet-4", None, ("bedrock", "us.anthropic.claude-sonnet-4")),
        ("gemini-2.5-pro", None, ("vertex_ai", "gemini-2.5-pro")),
        ("openrouter/openai/gpt-4o", None, ("openrouter", "openai/gpt-4o")),
        ("newcomer/some-model", None, ("newcomer", "some-model")),
        ("my-model", "openai", ("openai", "my-model")),
        ("openai/my-model", "openai", ("openai", "my-model")),
        ("my-model", None, None),
    ],
)
def test_a_provider_is_told_as_litellm_tells_it(model: str, provider: str | None, told: tuple[str, str] | None) -> None:
    assert told_apart(model, provider) == told


def test_a_mode_comes_before_the_name() -> None:
    assert operation_of("chat", "text-embedding-3-small") == "chat"
    assert operation_of("realtime", "gpt-4o") is None
