"""Secrets on their way: a manifest only names the variable that each will be in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, cast

from stoa.control.litellm.account import variable_of
from stoa.domain.resources import Provider

Origin = Literal["environment", "configuration", "file"]
"""Where the value is now: in a variable that LiteLLM reads too, in the clear in the configuration, or in a file."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable that has to be set when the manifests are applied. `value` is the file's name where it is in a file."""

    variable: str
    origin: Origin
    value: str | None = field(default=None, repr=False)


class Secrets:
    """Gives each secret one variable; `taken` are the names that the configuration itself reads."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)
        self._by_value: dict[tuple[Origin, str], Secret] = {}
        self.found: dict[str, Secret] = {}

    def refer(self, value: object, wanted: str) -> str:
        """`${env:NAME}` for a value; `wanted` names its variable where it has none."""
        variable = variable_of(value)
        if variable is not None:
            return self.variable(variable)
        return self._new("configuration", str(value), wanted)

    def file(self, name: str, wanted: str) -> str:
        """For what stands in a file."""
        return self._new("file", name, wanted)

    def variable(self, name: str) -> str:
        """For what LiteLLM reads from this variable."""
        self.found.setdefault(name, Secret(name, "environment"))
        return f"${{env:{name}}}"

    def named_in(self, providers: Iterable[Provider]) -> list[Secret]:
        """Those that a provider names, in the order in which they were found."""
        texts = "".join(str((each.api_key, each.credentials, each.headers)) for each in providers)
        return [secret for name, secret in self.found.items() if f"${{env:{name}}}" in texts]

    def _new(self, origin: Origin, value: str, wanted: str) -> str:
        secret = self._by_value.get((origin, value))
        if secret is None:
            secret = Secret(self._free(wanted), origin, value)
            self._by_value[origin, value] = secret
            self.found[secret.variable] = secret
        return f"${{env:{secret.variable}}}"

    def _free(self, wanted: str) -> str:
        text = "".join(each if each.isascii() and each.isalnum() else "_" for each in wanted.upper())
        name, number = f"IMPORTED_{text}", 1
        while name in self._taken or name in self.found:
            number += 1
            name = f"IMPORTED_{text}_{number}"
        return name


def variables_in(value: object) -> Iterator[str]:
    """Every NAME that stands somewhere as `os.environ/NAME`."""
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())  # cast: a document's values
    if isinstance(value, list):
        for each in cast("list[object]", value):  # cast: of whatever kind
            yield from variables_in(each)
    elif (name := variable_of(value)) is not None:
        yield name
