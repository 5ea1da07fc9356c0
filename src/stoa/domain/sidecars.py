"""Rights that lie in a folder beside the files: `.stoa-rights.yaml`, for its folder and all below.

    allow: [group:hr, user:ada]     # instead of the source's own, or of --allow and --groups
    deny: [group:interns]           # instead of the source's own, or of --deny
    files:                          # the first pattern that fits a file says it for that file
      "salaries/*.xlsx": {allow: [group:payroll]}

The nearest one that says `allow` of a file counts, and likewise for `deny`; what none says is as the source or the command line
says. "Folder" is whatever has paths with `/`: a bucket and a branch of Git as well.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, cast

from stoa.domain.identity import TAG_FORMS, Rights, is_tag
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean

NAME = ".stoa-rights.yaml"

_RIGHTS = ("allow", "deny")
_FIELDS = (*_RIGHTS, "files")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What one of them says. A pattern is relative to its folder; `*` goes over folders too."""

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    files: tuple[tuple[str, Mapping[str, tuple[str, ...]]], ...] = ()

    def of(self, path: str) -> Mapping[str, tuple[str, ...]]:
        """`allow` and `deny` of a file below, each only if it is said."""
        for pattern, said in self.files:
            if fnmatchcase(path, pattern):
                return {**self.said, **said}
        return self.said


class Sidecars:
    """Those of a folder and of the folders below it, each read when the first file beside it is asked about.

    `read` gives the bytes of the file at a path inside the folder, None where there is none; it raises OSError for one that
    cannot be read. `place` is what the folder is called where one of its sidecars is wrong.
    """

    def __init__(self, read: Callable[[str], bytes | None], *, place: str) -> None:
        self._read_file, self._place = read, place.rstrip("/")
        self._read: dict[PurePosixPath, Sidecar] = {}

    def of(self, path: str) -> Mapping[str, tuple[str, ...]]:
        """`allow` and `deny` of a file of the folder, each only if it is said. Raises InvalidRequest naming the sidecar."""
        found: dict[str, tuple[str, ...]] = {}
        for folder in reversed(PurePosixPath(path).parents):
            found |= self._at(folder).of(PurePosixPath(path).relative_to(folder).as_posix())
        return found

    def rights(self, path: str) -> Rights | None:
        """What they say of a file as rights, None where they say nothing. An empty `allow` leaves that to the source.

        Raises InvalidRequest for what is no tag too.
        """
        said = self.of(path)
        if not said:
            return None
        for tag in (*said.get("allow", ()), *said.get("deny", ())):
            if not is_tag(tag):
                raise InvalidRequest(f"{tag!r}, said of {path!r} by {NAME} in {self._place!r}, is no access tag. {TAG_FORMS}")
        return Rights(frozenset(said.get("allow", ())), frozenset(said.get("deny", ())))

    def _at(self, folder: PurePosixPath) -> Sidecar:
        if folder not in self._read:
            path = (folder / NAME).as_posix()
            where = f"{self._place}/{path}"
            try:
                data = self._read_file(path)
            except OSError as error:
                raise InvalidRequest(f"The rights in {where!r} cannot be read: {error}") from None
            self._read[folder] = _sidecar(data, where) if data is not None else Sidecar()
        return self._read[folder]


def _sidecar(data: bytes, file: str) -> Sidecar:
    import yaml  # late: only folders with rights of their own need it

    try:
        read: object = yaml.safe_load(data.decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidRequest(f"The rights in {file!r} cannot be read: {error}") from None
    said = _mapping(read, file, "", known=_FIELDS)
    patterns = _mapping(said.pop("files", None) or {}, file, "files")
    files = tuple(
        (str(pattern), _rights(_mapping(each, file, f"files[{pattern!r}]", known=_RIGHTS), file))
        for pattern, each in patterns.items()
    )
    return Sidecar(_rights(said, file), files)


def _rights(said: Mapping[str, object], file: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, tags in said.items():
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in cast("list[object]", tags)):
            raise InvalidRequest(f"{file!r}: {name} is a list of tags, such as [group:hr, user:ada], but it is {tags!r}")
        found[name] = tuple(cast("list[str]", tags))
    return found


def _mapping(read: object, file: str, place: str, known: Iterable[str] | None = None) -> dict[str, Any]:  # Any: YAML
    where = f"{place} in {file!r}" if place else repr(file)
    if not isinstance(read, dict):
        raise InvalidRequest(f"{where} holds fields, such as 'allow: [group:hr]', but it is {read!r}")
    fields = {str(name): value for name, value in cast("dict[object, object]", read).items()}
    for name in fields:
        if known is not None and name not in known:
            raise InvalidRequest(
                f"{where} has no field {name!r}; there are {', '.join(known)}.{did_you_mean(name, list(known))}"
            )
    return fields
