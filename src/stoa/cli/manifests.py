"""Resource files: YAML documents of `kind`, `name` and fields, from a file, a folder or standard input."""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from stoa.domain.resources import KINDS
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean

_VARIABLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_ENDINGS = (".yaml", ".yml", ".json")
_KINDS = [kind.__name__ for kind in KINDS]


def read(places: Iterable[str], environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """All resources, `${env:NAME}` filled in where secrets stand. Raises InvalidRequest naming the file and what is wrong."""
    found: list[dict[str, Any]] = []
    for place in places:
        for name, text in _texts(place):
            found += [filled(document, name, environ) for document in _documents(name, text)]
    if not found:
        raise InvalidRequest(f"No resource was found in {', '.join(places)}. A resource has a kind, a name and fields, as YAML")
    return found


def filled(document: dict[str, Any], name: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """A resource with its variables filled in. Only what is secret in it takes them: elsewhere `${env:X}` is text."""

    def fill(text: object) -> object:
        return _VARIABLE.sub(variable, text) if isinstance(text, str) else text

    def variable(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise InvalidRequest(f"{name}: {document['name']!r} needs the environment variable {match[1]!r}, which is not set")
        return environ[match[1]]

    def within(fields: dict[str, Any], *secret: str) -> dict[str, Any]:
        named = {field: fields[field] for field in secret if isinstance(fields.get(field), dict)}
        return fields | {
            field: {name: fill(value) for name, value in cast("dict[str, object]", inner).items()}
            for field, inner in named.items()
        }

    match document:
        case {"kind": "Provider"}:
            found = {field: fill(value) if field == "api_key" else value for field, value in document.items()}
            return within(found, "headers", "credentials")
        case {"kind": "Source" | "Datastore"}:
            return within(document, "credentials")
        case {"kind": "Guardrail", "guards": [*guards]}:
            every = cast("list[object]", guards)
            return document | {
                "guards": [
                    within(cast("dict[str, Any]", each), "headers") if isinstance(each, dict) else each for each in every
                ]
            }
        case _:
            return document


def kind_called(text: str) -> str:
    """The kind that somebody means by `assistant`, `Assistants` or `Assistant`. Raises InvalidRequest for none of them."""
    for kind in _KINDS:
        if text.lower() in (kind.lower(), f"{kind.lower()}s"):
            return kind
    raise InvalidRequest(
        f"There is no kind {text!r}; there are {', '.join(_KINDS)}.{did_you_mean(text.capitalize(), _KINDS)}", param="kind"
    )


def _texts(place: str) -> list[tuple[str, str]]:
    if place == "-":
        return [("standard input", sys.stdin.read())]
    path = Path(place)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS and file.is_file())
    else:
        files = [path]
    try:
        return [(str(file), file.read_text(encoding="utf-8")) for file in files]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidRequest(f"The resource file {place!r} cannot be read: {reason}") from None


def _documents(name: str, text: str) -> list[dict[str, Any]]:
    import yaml  # late: only some verbs need it

    class Loader(yaml.SafeLoader):
        """Names of fields are text, also `on`, which YAML 1.1 takes for true."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:bool":
                    key.tag = "tag:yaml.org,2002:str"
            return super().construct_mapping(node, deep)

    try:
        documents = [document for document in yaml.load_all(text, Loader) if document is not None]
    except yaml.YAMLError as error:
        raise InvalidRequest(f"{name} is not valid YAML: {error}") from None
    for document in documents:
        if not isinstance(document, dict) or not {"kind", "name"} <= document.keys():
            raise InvalidRequest(f"{name} holds a document without kind and name: {str(cast('object', document))[:80]!r}")
    return cast("list[dict[str, Any]]", documents)  # cast: YAML has no types; the API checks the fields
