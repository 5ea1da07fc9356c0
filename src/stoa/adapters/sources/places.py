"""Which places of this machine a source may read: those below `worker.folders`, and no others.

Whoever may write a source could otherwise read whatever the worker's user can: keys, databases, other people's files.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stoa.domain.sources import Folder, Git, Mail, Origin, Sql
from stoa.errors import InvalidRequest


def require_allowed(origin: Origin, credentials: Mapping[str, str], folders: Sequence[str]) -> None:
    """Raises InvalidRequest for a local path outside of `folders`; symbolic links are followed before it is looked at."""
    field, path = _local_path(origin, credentials)
    if path is not None:
        require_below(path, folders, field=f"origin.{field}")


def require_below(path: str, folders: Sequence[str], *, field: str) -> None:
    """Raises InvalidRequest for a path that is not below one of the folders."""
    if not Path(path).is_absolute():
        raise InvalidRequest(f"{path!r} must be an absolute path.", param=field)
    place = Path(path).resolve()
    roots = [Path(each).expanduser().resolve() for each in folders]
    if not any(place.is_relative_to(root) for root in roots):
        allowed = ", ".join(repr(str(root)) for root in roots)
        what = f"sources may read below {allowed}" if allowed else "sources may read no folder of this machine yet"
        raise InvalidRequest(
            f"{path!r} is not to be indexed: {what}. Whoever runs Stoa can allow it with the setting worker.folders, such as "
            f"STOA_WORKER__FOLDERS={place if place.is_dir() else place.parent}.",
            param=field,
        )  # fmt: skip


def _local_path(origin: Origin, credentials: Mapping[str, str]) -> tuple[str, str | None]:
    """The field and the path on this machine that an origin names, None where it names none."""
    match origin:
        case Folder():
            return "path", origin.path
        case Mail(path=str(path)):
            return "path", path
        case Git():
            return "url", _file_of(origin.url)
        case Sql():
            from stoa.adapters.datastores.reading import sqlite_file  # late: it needs SQLAlchemy

            file = sqlite_file(origin.url or credentials.get("url", ""))
            return "url", str(file) if file is not None else None
        case _:
            return "", None


def _file_of(url: str) -> str | None:
    """The path of a `file:` URL, or of a repository that is named by its path alone."""
    split = urlsplit(url)
    if split.scheme == "file":
        return unquote(split.path)
    remote = "://" in url or ("@" in url.partition("/")[0] and ":" in url)  # scp's way: git@host:path
    return None if remote else url
