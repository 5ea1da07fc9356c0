"""Facts to log."""

from collections.abc import Callable

import pytest

from stoa.domain.usage import UsageFact


def _make(name: str, cost: int | None = 1) -> UsageFact:
    return UsageFact(
        id=name, at_ms=1, request_id="r", operation="chat", team="company", key_id="k", user_id=None, requested="m",
        assistant=None, model="m", provider="p", status=200, cache="miss", streamed=False, prompt_tokens=1,
        completion_tokens=1, tokens_from="provider", cost_nano_usd=cost, latency_ms=1.0, first_token_ms=None, attempts=1,
        error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip


@pytest.fixture
def fact() -> Callable[..., UsageFact]:
    return _make
