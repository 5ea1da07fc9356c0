"""Names in Stoa for what LiteLLM names freely or not at all."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stoa.control.litellm.account import Fields
from stoa.control.litellm.addresses import slug
from stoa.control.litellm.connections import Connection
from stoa.domain.resources import Model, Provider
from stoa.kit.names import is_name


class Names:
    """Models and routes share their names. `renamed` are those that LiteLLM's clients said otherwise."""

    def __init__(self) -> None:
        self._taken: set[str] = {"stoa-embed", "stoa-reader"}
        self.renamed: dict[str, str] = {}

    def public(self, wanted: str) -> str:
        """The name that clients say for what LiteLLM calls so. All of these are asked for before any `own`."""
        name = self._free(wanted if is_name(wanted) else slug(wanted) or "model")
        if name != wanted:
            self.renamed[wanted] = name
        return name

    def own(self, info: Fields, wanted: str, hint: str) -> str:
        """The name of one model among several: its id in LiteLLM, if that is a name, else what is wanted and the hint."""
        given = info.get("id")
        if isinstance(given, str) and is_name(given) and not given.isdigit() and given not in self._taken:
            info.take("id")
            wanted = given
        return self._free(f"{wanted}-{hint}" if hint and wanted in self._taken else wanted)

    def _free(self, wanted: str) -> str:
        name = next(each for each in _numbered(wanted) if each not in self._taken)
        self._taken.add(name)
        return name


class Providers:
    """The distinct ways to providers. They get their names when all of them are known."""

    def __init__(self) -> None:
        self._found: dict[bytes, tuple[str, Connection]] = {}

    def add(self, connection: Connection) -> str:
        """A placeholder for the provider's name, which `settle` replaces."""
        fingerprint = msgspec.json.encode(connection.provider)
        if fingerprint not in self._found:
            self._found[fingerprint] = (f"p{len(self._found)}", connection)
        return self._found[fingerprint][0]

    def named(self) -> list[Provider]:
        names = self._names()
        return [msgspec.structs.replace(each.provider, name=names[key]) for key, each in self._found.values()]

    def settle(self, models: Iterable[Model]) -> Iterator[Model]:
        names = self._names()
        for model in models:
            upstream_name = None if model.upstream_name == model.name else model.upstream_name
            yield msgspec.structs.replace(model, provider=names[model.provider], upstream_name=upstream_name)

    def _names(self) -> dict[str, str]:
        """The kind alone where there is one of it, else the kind and where it is."""
        every: Sequence[tuple[str, Connection]] = list(self._found.values())
        labels = [slug(each.label) or "provider" for _, each in every]
        names: dict[str, str] = {}
        for (key, each), label in zip(every, labels, strict=True):
            hint = slug(each.hint)
            wanted = label if labels.count(label) == 1 or not hint or hint == label else f"{label}-{hint}"
            names[key] = next(name for name in _numbered(wanted) if name not in names.values())
        return names


def _numbered(wanted: str) -> Iterator[str]:
    """The name, and with numbers behind it; none is too long."""
    yield wanted[:63].strip("-._")
    number = 1
    while True:
        number += 1
        yield f"{wanted[:58].strip('-._')}-{number}"
