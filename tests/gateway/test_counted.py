"""A model whose tokenizer is known: its requests are counted with it, before the call and where nobody tells what they took."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.adapters.vocabularies.memory import Words
from stoa.domain.decisions import decision_of
from stoa.domain.resources import Limit, Model, Route, Target

ASKED = [{"role": "system", "content": "Be very kind."}, {"role": "user", "content": "What is DevOps?"}]


class Chatty(Words):
    around_message = 4
    around_all = 3


WORDS = 3 + 3 + 2 * 4 + 3


@pytest.fixture
def counting(house: Callable[..., Any]) -> Callable[..., Any]:
    """`counting(script, **changes)`: a house whose model `mock` has a tokenizer that counts words."""

    def build(script: Any = None, tokenizer: str = "words", **changes: Any) -> Any:
        models = {"mock": Model(name="mock", provider="one", tokenizer=tokenizer), "other": Model(name="other", provider="two")}
        return house(script, models=models, tokenizers={"words": Chatty()}, **changes)

    return build


async def ask(here: Any, model: str = "mock", **fields: Any) -> Any:
    """Once the tokenizer is there: the first request asks for it."""
    body = {"model": model, "messages": ASKED, **fields}
    await here.ask("/v1/chat/completions", body)
    for _ in range(200):
        if here.facts and counted_by(here) == "words":
            break
        await asyncio.sleep(0.005)
        await here.ask("/v1/chat/completions", body)
    return await here.ask("/v1/chat/completions", body)


def counted_by(here: Any) -> str | None:
    record = here.log.facts[-1].decision
    assert record is not None
    return decision_of(record).estimated_by


async def test_a_request_is_counted_before_its_call_and_the_record_says_by_what(counting: Any) -> None:
    here = counting()
    reply = await ask(here, temperature=1)
    assert b"x-stoa-estimate-tokens: %d\r\n" % WORDS in reply.lines
    assert counted_by(here) == "words"


async def test_without_the_tokenizer_the_record_says_why_it_is_an_estimate(counting: Any) -> None:
    here = counting(tokenizer="gone")
    said = None
    for _ in range(200):
        await here.ask("/v1/chat/completions", {"model": "mock", "messages": ASKED, "temperature": 1})
        said = counted_by(here)
        if said != "estimate: gone is being loaded":
            break
        await asyncio.sleep(0.005)
    assert said == "estimate: The tokenizer 'gone' is not there."


async def test_a_model_without_one_says_nothing(counting: Any) -> None:
    here = counting()
    await here.ask("/v1/chat/completions", {"model": "other", "messages": ASKED, "temperature": 1})
    assert counted_by(here) is None


async def test_a_limit_counts_what_the_tokenizer_counts(counting: Any) -> None:
    limit = Limit(name="small", scope="team", subject="company", tokens=10_000)
    here = counting(limits={"small": limit})
    await ask(here, temperature=1, max_tokens=50)
    (claim,) = decision_of(here.facts[-1].decision).claims
    assert (claim.unit, claim.amount) == ("tokens", WORDS + 50)


async def test_a_request_over_a_limit_of_tokens_says_how_it_was_counted(counting: Any) -> None:
    limit = Limit(name="small", scope="team", subject="company", tokens=1)
    here = counting(tokenizer="gone", limits={"small": limit})
    reply = await here.ask("/v1/chat/completions", {"model": "mock", "messages": ASKED, "max_tokens": 50})
    assert reply.status == 429
    await asyncio.sleep(0)
    assert (counted_by(here) or "").startswith("estimate: ")


async def test_what_the_provider_does_not_tell_is_counted_too(counting: Any, make: Any) -> None:
    fields = make.answer("It is a practice of teams.")
    del fields["usage"]
    here = counting(Scripted(200, [json.dumps(fields).encode()], JSON))
    await ask(here, temperature=1)
    fact = here.facts[-1]
    assert (fact.tokens_from, fact.prompt_tokens, fact.completion_tokens) == ("estimate", WORDS, 6)


async def test_so_is_a_stream(counting: Any, make: Any) -> None:
    here = counting(make.stream(*make.talk("It is ", "a practice"), usage=False))
    await ask(here, temperature=1, stream=True)
    fact = here.facts[-1]
    assert (fact.tokens_from, fact.prompt_tokens, fact.completion_tokens) == ("estimate", WORDS, 4)


async def test_a_route_counts_with_the_first_tokenizer_of_its_targets(counting: Any) -> None:
    route = Route(name="spread", targets=(Target(model="other"), Target(model="mock")))
    here = counting(routes={"spread": route})
    reply = await ask(here, "spread", temperature=1)
    assert b"x-stoa-estimate-tokens: %d\r\n" % WORDS in reply.lines


async def test_count_tokens_counts_with_it(counting: Any) -> None:
    here = counting()
    await ask(here, temperature=1)
    body = {"model": "mock", "system": "Be very kind.", "messages": [{"role": "user", "content": "What is DevOps?"}]}
    reply = await here.ask("/v1/messages/count_tokens", body)
    assert reply.json == {"input_tokens": WORDS}


async def test_answers_are_shared_whatever_counts_them(counting: Any) -> None:
    """A tokenizer changes no answer, so that naming one empties no cache."""
    prints = [counting(tokenizer=each).gateway._plan.offerings["chat"]["mock"].fingerprint for each in ("words", "none")]
    assert prints[0] == prints[1]
