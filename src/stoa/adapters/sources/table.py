"""Every type of origin, and the module that knows it, imported when the first source of its kind is opened.

Each module has one function, `connect(origin, credentials, *, most_bytes)`, which reaches nothing yet; those that keep
something between listings are also given their `Surroundings`. Packages add types of their own under the entry point group
`stoa.sources`: the same function, given the `options` of the origin.
"""

import importlib
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from stoa.adapters.sources.places import require_allowed
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.sources import Bucket, Connector, Connectors, Folder, Git, Mail, Origin, Plugin, Push, Sql, Website
from stoa.errors import InvalidRequest, MissingExtra
from stoa.kit.names import did_you_mean

GROUP = "stoa.sources"

MODULES: Mapping[type[Origin], str] = {
    Folder: "folder",
    Bucket: "bucket",
    Git: "git",
    Website: "website",
    Sql: "sql",
    Mail: "mail",
}

_WITH_SURROUNDINGS: tuple[type[Origin], ...] = (Git, Website, Sql, Mail)


class Connect(Protocol):
    """What makes a connector. Any: an origin of the module's own type, or the options of a plugin. Raises InvalidRequest."""

    def __call__(self, origin: Any, credentials: Mapping[str, str], *, most_bytes: int, **around: Any) -> Connector: ...


class ConnectorTable(Connectors):
    """Implements `domain.sources.Connectors`. `folders` are the only places of this machine that sources may read."""

    def __init__(self, *, folders: Sequence[str] = (), surroundings: Surroundings | None = None) -> None:
        self._folders = folders
        self._surroundings = surroundings or Surroundings()

    def open(self, origin: Origin, credentials: Mapping[str, str], *, most_bytes: int) -> Connector:
        if isinstance(origin, Push):
            raise InvalidRequest(
                "Nothing is fetched from a source of type 'push': its documents are sent to it.", param="origin"
            )
        require_allowed(origin, credentials, self._folders)
        if isinstance(origin, Plugin):
            return _plugin(origin.plugin)(origin.options, credentials, most_bytes=most_bytes)
        name = MODULES[type(origin)]
        try:
            module = importlib.import_module(f"stoa.adapters.sources.{name}")
        except ModuleNotFoundError as error:
            raise MissingExtra(f"Sources of type {name!r} need the package {error.name!r}, which is not installed.") from None
        connect = cast("Connect", module.connect)  # cast: modules have no type; a test opens one of each kind
        around = {"surroundings": self._surroundings} if isinstance(origin, _WITH_SURROUNDINGS) else {}
        return connect(origin, credentials, most_bytes=most_bytes, **around)


def _plugin(name: str) -> Connect:
    found = {each.name: each for each in entry_points(group=GROUP)}
    if name not in found:
        hint = did_you_mean(name, found) or f" Installed are: {', '.join(sorted(found)) or 'none'}."
        raise InvalidRequest(
            f"No installed package brings a source {name!r} (entry point group {GROUP!r}).{hint}", param="origin.plugin"
        )
    return found[name].load()
