"""The files of a branch of a Git repository, without Git: a bare clone of the branch's last commit, brought up to date in turn.

Nothing of a repository is run or checked out. Submodules and symbolic links are left out.
"""

import asyncio
import shutil
import stat
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from stoa.adapters.sources.sidecars import require_rights
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain import sidecars
from stoa.domain.sources import Connector, Entry, Fetched, Git, is_hidden
from stoa.errors import InvalidRequest, SourceError, Unreadable

if TYPE_CHECKING:
    from dulwich.client import FetchPackResult, GitClient
    from dulwich.objects import ObjectID
    from dulwich.refs import Ref
    from dulwich.repo import Repo

_MOST_PACKS = 40
"""Each change brings a pack. After so many the clone is made anew, which for one commit costs little."""
_LARGE_FILE_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class _Place:
    """What to ask, and of whom."""

    client: "GitClient"
    path: str


def connect(
    origin: Git, credentials: Mapping[str, str], *, most_bytes: int, surroundings: Surroundings, silence_s: float = 60.0
) -> "GitConnector":
    """Raises InvalidRequest, naming the field and never showing a password."""
    url = urlsplit(origin.url)
    if url.username or url.password:
        raise InvalidRequest("url holds a user name or password; those go into credentials, which are sealed.", param="url")
    if url.scheme not in ("http", "https", "file") and not origin.url.startswith("/"):
        raise InvalidRequest(
            f"url is http(s)://host/repository or an absolute path, but it is {origin.url[:200]!r}.", param="url"
        )
    if ".." in PurePosixPath(origin.folder).parts:
        raise InvalidRequest(f"folder is one inside the repository, but it is {origin.folder!r}.", param="folder")
    clone = surroundings.folder("git", origin.url)
    return GitConnector(origin, credentials, clone=clone, most_bytes=most_bytes, silence_s=silence_s)


class GitConnector(Connector):
    """Behind `Connector`. `silence_s` is how long a server may say nothing."""

    def __init__(self, origin: Git, credentials: Mapping[str, str], *, clone: Path, most_bytes: int, silence_s: float) -> None:
        self._origin = origin
        self._credentials = credentials
        self._clone = clone
        self._most_bytes = most_bytes
        self._silence_s = silence_s
        self._updating = asyncio.Lock()
        self._blobs: dict[str, str] | None = None

    async def test(self) -> str:
        """Ask for the branch, without fetching what is in it."""
        return await asyncio.to_thread(self._look)

    async def entries(self) -> AsyncGenerator[Entry]:
        """All files of the branch as it is now, those that nobody means as documents aside."""
        async with self._updating:
            found = await asyncio.to_thread(self._list)
        for entry in found:
            yield entry

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        """The bytes as they were listed last; a connector that has listed nothing yet looks first what there is."""
        if entry.version is not None and entry.version == known:
            return None
        async with self._updating:
            if self._blobs is None:
                await asyncio.to_thread(self._list)
            version = (self._blobs or {}).get(entry.path)
        data = await asyncio.to_thread(self._read, version) if version is not None else None
        if data is None or version is None:
            raise Unreadable("The branch has no such file any more.")
        if len(data) > self._most_bytes:
            raise Unreadable(f"The file has {len(data):,} bytes, but the largest document has {self._most_bytes:,}.")
        if data.startswith(_LARGE_FILE_POINTER):
            raise Unreadable("The file lies in Git LFS; the repository holds only a pointer to it.")
        return Fetched(data, version)

    async def close(self) -> None:
        """Nothing is open: each reading opens the clone for itself."""

    def _look(self) -> str:
        place = self._place()
        try:
            found = place.client.get_refs(place.path.encode())
        except Exception as error:  # noqa: BLE001 - the client raises what sockets, TLS, HTTP and Git do
            raise self._explain(error) from None
        ref, _ = self._branch({**found.refs}, {**found.symrefs})
        heads = sum(name.startswith(b"refs/heads/") for name in found.refs)
        return f"The repository answers, with {heads} branches; {_name(ref)!r} is read."

    def _list(self) -> list[Entry]:
        try:
            return self._updated()
        except (SourceError, InvalidRequest):
            raise
        except Exception:  # noqa: BLE001 - a clone that a dying process left broken raises anything
            shutil.rmtree(self._clone, ignore_errors=True)
        try:
            return self._updated()
        except (SourceError, InvalidRequest):
            raise
        except Exception as error:  # noqa: BLE001 - see above
            raise SourceError(f"The repository {self._origin.url!r} cannot be read: {type(error).__name__}.") from None

    def _updated(self) -> list[Entry]:
        with closing(self._opened()) as repository:
            commit = self._fetched(repository)
            found = list(self._entries(repository, commit))
        self._blobs = {entry.path: entry.version or "" for entry in found}
        return found

    def _opened(self) -> "Repo":
        from dulwich.repo import Repo

        packs = self._clone / "objects" / "pack"
        for left in [*packs.glob("tmp_*"), *(self._clone / "objects").glob("incoming-*")]:
            left.unlink(missing_ok=True)  # of a process that died while it fetched
        if len(list(packs.glob("*.pack"))) > _MOST_PACKS:
            shutil.rmtree(self._clone)
        if not (self._clone / "HEAD").is_file():
            shutil.rmtree(self._clone, ignore_errors=True)
            self._clone.mkdir(mode=0o700, parents=True)
            return Repo.init_bare(self._clone)
        return Repo(str(self._clone))

    def _fetched(self, repository: "Repo") -> "ObjectID":
        """Bring what the branch's last commit needs, and say which that is."""
        from dulwich.client import HTTPUnauthorized
        from dulwich.errors import GitProtocolError, NotGitRepository
        from urllib3.exceptions import HTTPError

        place = self._place()

        def wanted(refs: "Mapping[Ref, ObjectID]", depth: int | None = None) -> "list[ObjectID]":
            asked = f"refs/heads/{self._origin.branch}".encode() if self._origin.branch else b"HEAD"
            found = [value for name, value in refs.items() if name == asked]
            return [value for value in found if value not in repository.object_store]

        try:
            result: FetchPackResult = place.client.fetch(place.path.encode(), repository, determine_wants=wanted, depth=1)
            ref, commit = self._branch({**result.refs}, {**result.symrefs})
        except (GitProtocolError, HTTPUnauthorized, NotGitRepository, HTTPError, OSError) as error:
            raise self._explain(error) from None
        repository.refs[ref] = commit
        return commit

    def _branch(self, refs: "Mapping[Ref, ObjectID | None]", symbolic: "Mapping[Ref, Ref]") -> "tuple[Ref, ObjectID]":
        from dulwich.refs import HEADREF, Ref

        branch = self._origin.branch
        ref = Ref(f"refs/heads/{branch}".encode()) if branch else symbolic.get(HEADREF, HEADREF)
        commit = refs.get(ref) or (refs.get(HEADREF) if branch is None else None)
        if commit is None:
            heads = ", ".join(sorted(_name(name) for name in refs if name.startswith(b"refs/heads/"))) or "none"
            raise SourceError(
                f"The repository {self._origin.url!r} has no branch {branch or 'HEAD'!r}; there are: {heads[:500]}."
            )
        return ref, commit

    def _entries(self, repository: "Repo", commit: "ObjectID") -> Iterator[Entry]:
        found = dict(self._files(repository, commit))
        rights = None
        if self._origin.rights == "sidecar":
            blobs = {path: blob for path, blob in found.items() if PurePosixPath(path).name == sidecars.NAME}
            rights = sidecars.Sidecars(
                lambda path: repository.object_store.get_raw(blobs[path])[1] if path in blobs else None,
                place=self._origin.url,
            )
        for path, blob in sorted(found.items()):
            if not is_hidden(path):
                said = require_rights(rights, path) if rights is not None else None
                yield Entry(path=path, version=blob.decode(), rights=said)

    def _files(self, repository: "Repo", commit: "ObjectID") -> "Iterator[tuple[str, ObjectID]]":
        from dulwich.object_store import iter_tree_contents, tree_lookup_path
        from dulwich.objects import Commit

        found = repository[commit]
        assert isinstance(found, Commit)
        tree, folder = found.tree, self._origin.folder.strip("/")
        if folder:
            try:
                mode, tree = tree_lookup_path(repository.object_store.__getitem__, tree, folder.encode())
            except (KeyError, ValueError):
                mode = 0
            if not stat.S_ISDIR(mode):
                raise SourceError(f"The branch has no folder {folder!r}.")
        for each in iter_tree_contents(repository.object_store, tree):
            if not stat.S_ISREG(each.mode):
                continue
            path = each.path.decode("utf-8", "replace")
            if ".." not in path.split("/"):
                yield path, each.sha

    def _read(self, version: str) -> bytes | None:
        from dulwich.objects import ObjectID
        from dulwich.repo import Repo

        try:
            with closing(Repo(str(self._clone))) as repository:
                return repository.object_store.get_raw(ObjectID(version.encode()))[1]
        except KeyError:
            return None
        except Exception as error:  # noqa: BLE001 - a clone that was taken away meanwhile raises anything
            raise SourceError(
                f"The clone of {self._origin.url!r} cannot be read: {type(error).__name__}. Sync again."
            ) from None

    def _place(self) -> _Place:
        from dulwich.client import HttpGitClient, LocalGitClient
        from dulwich.config import ConfigFile

        url = urlsplit(self._origin.url)
        if url.scheme in ("http", "https"):
            client = HttpGitClient(
                f"{url.scheme}://{url.netloc}",
                config=ConfigFile(),
                username=self._credentials.get("username") or ("git" if self._credentials.get("password") else None),
                password=self._credentials.get("password"),
                timeout=self._silence_s,
            )
            return _Place(client, url.path)
        path = unquote(url.path) if url.scheme == "file" else self._origin.url
        _require_own(Path(path), self._origin.url)
        return _Place(LocalGitClient(config=ConfigFile()), path)

    def _explain(self, error: Exception) -> SourceError:
        from dulwich.client import HTTPUnauthorized
        from dulwich.errors import NotGitRepository

        if isinstance(error, HTTPUnauthorized):
            given = "refuses the credentials" if self._credentials else "asks for credentials: username and password"
            return SourceError(f"The repository {self._origin.url!r} {given}.", code="source_refused")
        if isinstance(error, NotGitRepository):
            return SourceError(f"There is no Git repository at {self._origin.url!r}, or it is hidden from these credentials.")
        reason = f"{type(error).__name__}: {error}"
        for secret in filter(None, self._credentials.values()):
            reason = reason.replace(secret, "***").replace(quote(secret, safe=""), "***")
        return SourceError(f"The repository {self._origin.url!r} cannot be reached ({reason[:300]}).")


def _require_own(path: Path, url: str) -> None:
    """A repository that keeps its files elsewhere would lead out of the folders that sources may read."""
    git = path / ".git"
    objects = (git if git.exists() else path) / "objects"
    if git.is_file() or not objects.resolve().is_relative_to(path.resolve()) or (objects / "info" / "alternates").exists():
        raise SourceError(f"The repository {url!r} keeps its objects elsewhere; name the one that holds them.")


def _name(ref: bytes) -> str:
    return ref.decode("utf-8", "replace").removeprefix("refs/heads/")
