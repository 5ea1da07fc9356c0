"""The inference key that `stoa ask` and `stoa batch` use on the Stoa of this home: an ordinary key, made when first needed."""

import contextlib
from typing import TYPE_CHECKING

from stoa.cli.fresh_key import wait_until_known
from stoa.cli.target import Target
from stoa.errors import NotFound, OperatorError, Unauthenticated
from stoa.kit.files import write_atomic

if TYPE_CHECKING:
    from stoa.cli.client import Client

_NAME = "cli-ask"


def model_client(place: Target, key: str | None) -> "Client":
    """A client of /v1 with this key, else with the home's own. Raises OperatorError where neither is there."""
    url, local = place.entry()
    if key is not None:
        return place.client(url, key)
    if not local:
        raise OperatorError(f"Asking {url} needs an inference key: set STOA_KEY. One is made there with: stoa key create NAME")
    if kept := kept_key(place):
        client = place.client(url, kept)
        try:
            client.get("/v1/models")
            return client
        except Unauthenticated:  # revoked, or of a database that is no more
            client.close()
    made = make_key(place)
    wait_until_known(place, made)
    return place.client(url, made)


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
