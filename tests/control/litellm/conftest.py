"""Conversions of configurations that a test writes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
import yaml

from stoa.control.litellm.convert import Conversion, convert
from stoa.control.litellm.document import read, shown
from stoa.control.references import References
from stoa.domain.resources import Resource


class Converted:
    """A conversion that could be applied, and short ways to what is in it."""

    def __init__(self, conversion: Conversion) -> None:
        self.conversion = conversion
        self.resources: Sequence[Resource] = conversion.resources
        references = References(self.resources, teams=())
        for each in self.resources:
            references.check(each)

    def fields(self, kind: str, name: str) -> dict[str, Any]:
        """One resource as YAML has it, without kind and name."""
        for each in self.resources:
            if (type(each).__name__, each.name) == (kind, name):
                made = msgspec.to_builtins(each)
                return {field: value for field, value in made.items() if field not in ("kind", "name") and value != {}}
        raise AssertionError(f"there is no {kind} {name}; there are {self.names}")

    @property
    def names(self) -> list[str]:
        return [f"{type(each).__name__}/{each.name}" for each in self.resources]

    def outcome(self, path: str) -> str:
        return self.finding(path)[0]

    def note(self, path: str) -> str:
        return self.finding(path)[1]

    def finding(self, path: str) -> tuple[str, str]:
        found = {shown(each.path): (each.outcome, each.note) for each in self.conversion.findings}
        assert path in found, f"{path} is not among {sorted(found)}"
        return found[path]


@pytest.fixture
def converted() -> Callable[..., Converted]:
    """`converted(yaml_or_values, environ=..., asked=...)`."""

    def make(configuration: str | Mapping[str, Any], environ: Mapping[str, str] | None = None, **options: Any) -> Converted:
        text = configuration if isinstance(configuration, str) else yaml.safe_dump(dict(configuration), sort_keys=False)
        return Converted(convert(read("config.yaml", lambda _: text), environ or {}, **options))

    return make


@pytest.fixture
def deployed(converted: Callable[..., Converted]) -> Callable[..., Converted]:
    """A conversion of one deployment, under the name `m`."""

    def make(
        model: str, environ: Mapping[str, str] | None = None, info: Mapping[str, Any] | None = None, **params: Any
    ) -> Converted:
        entry = {"model_name": "m", "litellm_params": {"model": model, **params}}
        return converted({"model_list": [entry | ({"model_info": dict(info)} if info else {})]}, environ)

    return make
