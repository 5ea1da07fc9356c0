"""A route called `best` over models `a`, `b`, `c` and `d`, each of a provider of its own, and what each of them answers."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from stoa.adapters.providers.memory import JSON, Script, Scripted, Sent
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider, Resource
from stoa.domain.snapshot import Access

NAMES = ("a", "b", "c", "d")
BODY = {"model": "best", "messages": [{"role": "user", "content": "What is DevOps?"}]}

Answers = Mapping[str, Scripted | Sequence[Scripted] | Script]
"""By model: always this, or one after the other (the last again and again), or as the function says."""


def fleet(
    house: Callable[..., Any], answers: Answers, *, models: Mapping[str, Any] | None = None, types: Any = None, **route: Any
) -> Any:
    """A house whose route has these fields; `models` and `types` are further fields of models, and types of providers."""
    described = msgspec.convert({"kind": "Route", "name": "best", "cache": False, **route}, Resource)
    rest = {name: list(each) for name, each in answers.items() if isinstance(each, Sequence)}

    def script(sent: Sent) -> Scripted:
        name = urlsplit(sent.url).hostname or ""
        answer = answers[name]
        if isinstance(answer, Scripted):
            return answer
        if callable(answer):
            return answer(sent)
        return rest[name].pop(0) if len(rest[name]) > 1 else rest[name][0]

    kinds = types or {}
    return house(
        script,
        access=(Access(True, frozenset({"best", "assistant/handbook", *NAMES}), frozenset()),),
        providers={
            name: Provider(name=name, base_url=f"http://{name}/v1", api_key="sk", type=kinds.get(name, "openai-compatible"))
            for name in NAMES
        },
        models={name: Model(name=name, provider=name, **(models or {}).get(name, {})) for name in NAMES},
        prices={name: ModelPrice(150.0, 600.0) for name in NAMES},
        routes={"best": described},
        collections={},
    )


def targets(*names: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"model": name, **fields} for name in names]


def asked(here: Any) -> list[str]:
    """Who was asked, in this order."""
    return [urlsplit(sent.url).hostname for sent in here.upstreams.sent]


def cancelled(here: Any) -> list[str]:
    return [urlsplit(sent.url).hostname for sent in here.upstreams.cancelled]


def refusal(status: int, message: str = "no", code: str | None = None, **headers: str) -> Scripted:
    """A refusal in OpenAI's form."""
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return Scripted(status, [json.dumps(body).encode()], [*JSON, *lines])


def text(reply: Any) -> str:
    return reply.json["choices"][0]["message"]["content"]
