"""What became of each key of a configuration. Nothing in it is lost in silence: what nobody spoke for is reported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast

from stoa.control.litellm.document import Path, Values, shown

Outcome = Literal["carried", "changed", "unneeded", "left"]
"""`carried`: means the same in Stoa; `changed`: was taken over as something else; `unneeded`: Stoa needs no such setting;
`left`: was not taken over."""

_VARIABLE = "os.environ/"


class Finding(NamedTuple):
    """What became of the value at a path and of everything below it. `note` says how it changed, why not, and what to do."""

    path: Path
    outcome: Outcome
    note: str = ""


@dataclass
class Account:
    """The later finding on a path replaces the earlier one."""

    found: dict[Path, Finding] = field(default_factory=dict[Path, Finding])

    def settle(self, path: Path, outcome: Outcome, note: str = "") -> None:
        self.found[path] = Finding(path, outcome, note)

    def carried(self, path: Path) -> None:
        """Unless something was said already of how it is."""
        self.found.setdefault(path, Finding(path, "carried"))

    def changed(self, path: Path, note: str) -> None:
        self.settle(path, "changed", note)

    def unneeded(self, path: Path, note: str) -> None:
        self.settle(path, "unneeded", note)

    def left(self, path: Path, note: str) -> None:
        self.settle(path, "left", note)

    def left_whole(self, path: Path, note: str) -> None:
        """What was carried of it before is of no use."""
        for below in [found for found in self.found if found[: len(path)] == path]:
            del self.found[below]
        self.left(path, note)

    def settles(self, path: Path) -> bool:
        """Whether something was said of the value at the path, or of what it is part of."""
        return any(path[:length] in self.found for length in range(1, len(path) + 1))

    def unsettled(self, values: Values, opened: Callable[[Path], bool]) -> list[Path]:
        """The outermost values that nothing was said of, nor of anything in them. What is `opened` is looked into anyway."""
        parents = {path[:length] for path in self.found for length in range(1, len(path))}
        return list(self._unsettled(values, (), lambda path: path in parents or opened(path)))

    def _unsettled(self, value: object, path: Path, opened: Callable[[Path], bool]) -> Iterator[Path]:
        if path in self.found:
            return
        items: Sequence[tuple[str | int, object]] = []
        if isinstance(value, dict):
            items = list(cast("Values", value).items())  # cast: a document's mappings have text keys
        elif isinstance(value, list):
            items = list(enumerate(cast("list[object]", value)))  # cast: of whatever kind
        if path and not (items and opened(path)):
            yield path
            return
        for key, each in items:
            yield from self._unsettled(each, (*path, key), opened)


class Unset(Exception):
    """A variable is needed to know where a model is, and is not set."""

    def __init__(self, variable: str) -> None:
        super().__init__(variable)
        self.variable = variable


def variable_of(value: object) -> str | None:
    """The name in `os.environ/NAME`."""
    return value.removeprefix(_VARIABLE) if isinstance(value, str) and value.startswith(_VARIABLE) else None


def resolved(value: object, environ: Mapping[str, str]) -> object:
    """The value, or that of the variable it names, where that is set."""
    name = variable_of(value)
    return value if name is None else environ.get(name, value)


class Fields:
    """The fields at a path, and those that stand in for missing ones, such as a credential's. Reading one settles it."""

    def __init__(self, account: Account, environ: Mapping[str, str], *layers: tuple[Mapping[str, object], Path]) -> None:
        self.account = account
        self._environ = environ
        self._layers = layers

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    @property
    def names(self) -> list[str]:
        """Of the first layer: what was written here."""
        return list(self._layers[0][0])

    def path(self, name: str) -> Path:
        for values, path in self._layers:
            if values.get(name) is not None:
                return (*path, name)
        return (*self._layers[0][1], name)

    def get(self, name: str) -> object:
        """The value, not settled; None for one that is null or missing."""
        return next((values[name] for values, _ in self._layers if values.get(name) is not None), None)

    def take(self, name: str) -> object:
        """The value, carried."""
        value = self.get(name)
        if value is not None:
            self._settle(name)
        return value

    def settle(self, name: str, outcome: Outcome, note: str) -> None:
        self.account.settle(self.path(name), outcome, note)

    def changed(self, name: str, note: str) -> None:
        self.account.changed(self.path(name), note)

    def left(self, name: str, note: str) -> None:
        self.account.left(self.path(name), note)

    def text(self, name: str) -> str | None:
        """A text that is no secret, carried, with its variable filled in; raises Unset when that is not set here."""
        value = self.take(name)
        found = resolved(value, self._environ)
        if isinstance(found, str) and (variable := variable_of(found)) is not None:
            raise Unset(variable)
        return None if found is None else str(found)

    def number(self, name: str, *, above: float = 0) -> float | None:
        """A number above a limit, carried; anything else is left and said to be none."""
        value = resolved(self.get(name), self._environ)
        if value is None:
            return None
        try:
            found = float(str(value))
        except ValueError:
            found = above
        if isinstance(value, bool) or not above < found < 1e12:
            self.left(name, f"{value!r} is not a number above {above:g}. Correct it, or leave it out.")
            return None
        self._settle(name)
        return found

    def whole(self, name: str, *, above: int = 0) -> int | None:
        found = self.number(name, above=above)
        return None if found is None else int(found)

    def _settle(self, name: str) -> None:
        first, *others = [(*path, name) for values, path in self._layers if values.get(name) is not None]
        self.account.carried(first)
        for path in others:
            if path not in self.account.found:
                self.account.unneeded(path, f"{shown(first)} comes before it, here and in LiteLLM.")
