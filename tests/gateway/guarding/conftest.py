"""A gateway with guardrails, over the shipped fakes."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.gateway.forms import house_of

from stoa.domain.guardrails import Guard, PersonalGuard, WordsGuard
from stoa.domain.resources import Guardrail

ADDRESS = "ada@example.com"
MASKED = "[EMAIL_ADDRESS]"


class Guards:
    """What tests build with."""

    @staticmethod
    def personal(**fields: Any) -> PersonalGuard:
        return PersonalGuard(**({"kinds": ("EMAIL_ADDRESS",)} | fields))

    @staticmethod
    def words(*deny: str, **fields: Any) -> WordsGuard:
        return WordsGuard(deny=deny, **fields)


@pytest.fixture
def guards() -> Guards:
    return Guards()


@pytest.fixture
def guarded(house: Any) -> Callable[..., Any]:
    """`guarded(script, *guards, **changes)`: a house with an upstream of each form and one guardrail for everything."""

    def build(script: Any, *guards: Guard, also: Sequence[Guardrail] = (), own: Any = None, **changes: Any) -> Any:
        named = {each.name: each for each in also}
        if guards:
            named["everywhere"] = Guardrail(name="everywhere", guards=guards, default=True)
        return house(script, own=own, **(house_of() | {"guardrails": named} | changes))

    return build
