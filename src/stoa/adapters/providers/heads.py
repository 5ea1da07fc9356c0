"""What stands in every request to a provider: the static headers, and paths that name a model."""

from collections.abc import Mapping
from urllib.parse import quote

from stoa.domain.resources import Provider
from stoa.domain.upstream import Door, Opened
from stoa.errors import OperatorError

MULTIPART: frozenset[Door] = frozenset({"image_edit", "image_variation", "transcription", "translation"})
"""Doors whose bodies are forms with files: the content type holds their boundary, and comes in `lines` of each request."""


def head(opened: Opened, credential: Mapping[str, str], *, json: bool = True) -> dict[str, str]:
    """The headers that never change; what the operator wrote comes last and wins."""
    found = {"accept-encoding": "identity", "user-agent": "stoa"}
    if json:
        found["content-type"] = "application/json"
    return {**found, **credential, **{name.lower(): value for name, value in opened.headers.items()}}


def segment(name: str) -> str:
    """A model's name as one segment of a path."""
    return quote(name, safe="-._~")


def check_headers(provider: Provider, opened: Opened) -> None:
    """Raises OperatorError for what no header can carry, without showing it."""
    for field, value in {"api_key": opened.api_key or "", **{f"headers.{k}": v for k, v in opened.headers.items()}}.items():
        if any(not " " <= character <= "\xff" or character == "\x7f" for character in value):
            raise wrong(provider, field, "it holds characters that a header cannot carry, such as a line break")


def wrong(provider: Provider, field: str, what: str) -> OperatorError:
    """The error for a provider that cannot be connected to."""
    return OperatorError(
        f"Provider {provider.name!r}, field {field!r}: {what}. Change it with: stoa apply -f FILE", param=field
    )
