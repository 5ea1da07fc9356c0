"""A configuration as it was written: its values, where each of them stands, and the files it includes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import yaml

from stoa.errors import InvalidRequest

Path = tuple[str | int, ...]
"""The keys and positions that lead to a value."""

Values = dict[str, Any]  # Any: whatever somebody wrote
_SECTIONS = ("model_list", "router_settings", "litellm_settings", "general_settings", "include", "environment_variables")
MOST_VALUES = 100_000
"""More than any configuration has; aliases could otherwise stand for billions."""


class Place(NamedTuple):
    """Where a value stands: the file's name and the line, from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Document:
    """`twice` are keys that stand twice in one mapping, of which the last counts."""

    values: Values
    places: dict[Path, Place] = field(default_factory=dict[Path, Place])
    twice: dict[Path, Place] = field(default_factory=dict[Path, Place])

    def place(self, path: Path) -> Place | None:
        """Of the value, or of what it stands in."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path)


def read(name: str, load: Callable[[str], str]) -> Document:
    """The configuration and what it includes. `load` gives a file's text. Raises InvalidRequest with file and line."""
    found = _parse(name, load(name))
    if not any(section in found.values for section in _SECTIONS):
        raise InvalidRequest(f"{name} is no configuration of LiteLLM's proxy: it has none of {', '.join(_SECTIONS)}")
    included = found.values.get("include")
    for position, file in enumerate(cast("list[object]", included) if isinstance(included, list) else []):  # cast: as above
        if not isinstance(file, str):
            raise InvalidRequest(f"{_at(found, ('include', position))}: {file!r} is not the name of a file to include")
        _merge(found, _parse(file, load(file)))
    return found


def shown(path: Path) -> str:
    """`model_list[0].litellm_params.model`."""
    text = ""
    for part in path:
        plain = isinstance(part, str) and part.replace("_", "").replace("-", "").isalnum()
        text += f".{part}" if plain else f"[{part!r}]" if isinstance(part, str) else f"[{part}]"
    return text.removeprefix(".")


def _merge(found: Document, other: Document) -> None:
    """As LiteLLM does: lists are joined, anything else replaces what was there."""
    for key, value in other.values.items():
        mine = found.values.get(key)
        shift = 0
        if isinstance(value, list) and isinstance(mine, list):
            shift = len(cast("list[object]", mine))
            found.values[key] = [*mine, *value]
        else:
            for places in (found.places, found.twice):
                for path in [path for path in places if path[:1] == (key,)]:
                    del places[path]
            found.values[key] = value
        for mine, theirs in ((found.places, other.places), (found.twice, other.twice)):
            for path, place in theirs.items():
                if path[:1] == (key,):
                    mine[_shifted(path, shift)] = place


def _shifted(path: Path, by: int) -> Path:
    return (path[0], path[1] + by, *path[2:]) if len(path) > 1 and isinstance(path[1], int) else path


def _at(document: Document, path: Path) -> str:
    place = document.place(path)
    return f"{place.file}, line {place.line}" if place else shown(path)


def _parse(name: str, text: str) -> Document:
    loader: Any = yaml.SafeLoader(text)  # Any: the library has no types
    try:
        node = loader.get_single_node()
        if node is None:
            raise InvalidRequest(f"{name} is empty. A configuration of LiteLLM begins with model_list:")
        document = Document({})
        value = _Builder(name, loader, document).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidRequest(f"{name}{line} is not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InvalidRequest(f"{name} is not valid YAML: {error}") from None
    finally:
        loader.dispose()
    if not isinstance(value, dict):
        raise InvalidRequest(
            f"{name} holds {_kind(value)} where a configuration of LiteLLM has keys such as model_list: and router_settings:"
        )
    document.values.update(cast("Values", value))  # cast: keys were made text
    return document


class _Builder:
    """Makes values of YAML nodes and notes their places."""

    def __init__(self, name: str, loader: Any, document: Document) -> None:
        self._name = name
        self._loader = loader
        self._document = document
        self._checked: set[int] = set()
        self._within: set[int] = set()
        self._count = 0

    def build(self, node: yaml.Node, path: Path) -> object:
        self._document.places.setdefault(path, self._place(node))
        self._count += 1
        if self._count > MOST_VALUES:
            raise InvalidRequest(f"{self._name} holds more than {MOST_VALUES:,} values; is it a configuration of LiteLLM?")
        if id(node) in self._within:
            raise InvalidRequest(f"{self._name}, line {node.start_mark.line + 1}: an alias stands for what it is part of")
        self._within.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return [self.build(each, (*path, number)) for number, each in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self._within.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Mapping[str, object]:
        if id(node) not in self._checked:
            self._checked.add(id(node))
            for key, place in self._twice(node):
                self._document.twice[*path, key] = place
            self._loader.flatten_mapping(node)  # `<<: *defaults`
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            self._document.places[*path, key] = self._place(key_node)
            found[key] = self.build(value_node, (*path, key))
        return found

    def _twice(self, node: yaml.MappingNode) -> Iterator[tuple[str, Place]]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self._key(key_node)
            if key in seen:
                yield key, self._place(key_node)
            seen.add(key)

    def _key(self, node: yaml.Node) -> str:
        key = self._scalar(node)
        return key if isinstance(key, str) else str(key)

    def _scalar(self, node: yaml.Node) -> object:
        return self._loader.construct_object(node, deep=True)

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._name, node.start_mark.line + 1)


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else f"the value {str(value)[:40]!r}"
