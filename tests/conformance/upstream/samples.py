"""An instance of a JSON schema, filled from the conversation: what a model writes into a tool call or a strict answer."""

import re
from collections.abc import Iterator
from typing import Any

from tests.conformance.upstream.exchange import Json

_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"|“([^”]+)”")
_PLACE = re.compile(r"\b(?:in|at|for|to|with value)\s+((?:[A-Z][\w_]*)(?:,?\s+[A-Z]\w*)*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Words:
    """What may be put into a field, in the order in which the text offers it; each is used once."""

    def __init__(self, text: str) -> None:
        quoted = [next(filter(None, found)) for found in _QUOTED.findall(text)]
        self._texts: Iterator[str] = iter(quoted or _PLACE.findall(text))
        self._numbers: Iterator[str] = iter(_NUMBER.findall(text))

    def text(self, name: str) -> str:
        return next(self._texts, f"some {name.replace('_', ' ')}" if name else "some text")

    def number(self) -> float:
        return float(next(self._numbers, "1"))


def sample(schema: Json, words: Words, *, root: Json | None = None, name: str = "") -> Any:
    """Raises ValueError for a schema that no sample is known for, so that a gap is seen and not papered over."""
    root = schema if root is None else root
    if "$ref" in schema:
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return sample(target, words, root=root, name=name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return sample(schema[several][0], words, root=root, name=name)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    match kind:
        case "object":
            fields: Json = schema.get("properties", {})
            return {key: sample(field, words, root=root, name=key) for key, field in fields.items()}
        case "array":
            return [
                sample(schema.get("items", {}), words, root=root, name=name) for _ in range(max(1, schema.get("minItems", 1)))
            ]
        case "string":
            return words.text(name)
        case "integer":
            return int(_within(schema, words.number(), step=1))
        case "number":
            return _within(schema, words.number(), step=0.5)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            raise ValueError(f"there is no sample for a schema of type {kind!r}")


def _within(schema: Json, number: float, *, step: float) -> float:
    least = max(schema.get("minimum", float("-inf")), schema.get("exclusiveMinimum", float("-inf")) + step)
    most = min(schema.get("maximum", float("inf")), schema.get("exclusiveMaximum", float("inf")) - step)
    return min(max(number, least), most)
