"""The inference key that `stoa ask` uses on the Stoa of this home: an ordinary key of team company, made when first needed."""

import contextlib
from typing import TYPE_CHECKING

from stoa.cli.target import Target
from stoa.errors import NotFound
from stoa.kit.files import write_atomic

if TYPE_CHECKING:
    from stoa.cli.client import Client

_NAME = "cli-ask"


def kept_key(place: Target) -> str | None:
    path = place.settings().home_folder.secrets / "ask.key"
    return path.read_text(encoding="ascii").strip() if path.is_file() else None


def make_key(place: Target) -> str:
    """Replace the one there was, and keep it in the home."""
    with place.connect() as api:
        _revoke_old(api)
        key: str = api.post("/api/keys", {"name": _NAME, "kind": "inference", "team": "company"})["key"]
    write_atomic(place.settings().home_folder.secrets / "ask.key", key.encode("ascii"))
    return key


def _revoke_old(api: "Client") -> None:
    with contextlib.suppress(NotFound):
        api.delete(f"/api/keys/{_NAME}")
