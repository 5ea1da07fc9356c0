"""A branch of a Git repository, by its path and over HTTP from a server of its own."""

import base64
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import yaml
from dulwich import porcelain
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits, fill, listed, text_of
from tests.upstreams.silent import silent

from stoa.adapters.sources.git import GitConnector, connect
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.identity import Rights
from stoa.domain.sidecars import NAME
from stoa.domain.sources import Git
from stoa.errors import InvalidRequest, SourceError, Unreadable

_TOKEN = "hush-hush/token"


class Repository:
    """The contract's place: a repository with a working tree, to which each change is a commit."""

    traits = Traits()

    def __init__(self, folder: Path) -> None:
        self.tree, self.scratch = folder / "wiki", folder / "scratch"
        self.url = str(self.tree)
        self.tree.mkdir(parents=True)
        porcelain.init(self.tree).close()
        self._said: dict[str, dict[str, list[str]]] = {}
        self.commit()

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        self.write(path, text)
        self._said.pop(path, None)
        if rights is not None:
            self._said[path] = {"allow": sorted(rights.allow), "deny": sorted(rights.deny)}
        if self._said:
            self.write(NAME, yaml.safe_dump({"files": self._said}))
        self.commit()

    async def remove(self, path: str) -> None:
        (self.tree / path).unlink()
        self.commit()

    async def vanish(self) -> None:
        self.tree.rename(self.tree.with_name("gone"))

    def path_of(self, path: str) -> str:
        return path

    async def connect(
        self, *, most_bytes: int = 1 << 20, credentials: Mapping[str, str] | None = None, **fields: Any
    ) -> GitConnector:
        said: dict[str, Any] = {"url": self.url, **fields}
        origin = Git(**said)
        around = Surroundings(self.scratch)
        return connect(origin, credentials or {}, most_bytes=most_bytes, surroundings=around, silence_s=5)

    def write(self, path: str, text: str) -> None:
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self) -> None:
        with contextlib.closing(Repo(str(self.tree))) as repository:
            porcelain.add(repository, [self.tree])
            worktree = repository.get_worktree()
            worktree.stage([path.decode() for path in repository.open_index() if not (self.tree / path.decode()).exists()])
            worktree.commit(message=b"x", author=b"A <a@example.org>", committer=b"A <a@example.org>")


class Served(Repository):
    """The same over HTTP, with a password."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.requests: list[str] = []
        self._server = make_server("127.0.0.1", 0, self._guarded, handler_class=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/wiki"

    async def vanish(self) -> None:
        self.stop()

    async def connect(
        self, *, most_bytes: int = 1 << 20, credentials: Mapping[str, str] | None = None, **fields: Any
    ) -> GitConnector:
        given = credentials if credentials is not None else {"username": "ann", "password": _TOKEN}
        return await super().connect(most_bytes=most_bytes, credentials=given, **fields)

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _guarded(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        expected = "Basic " + base64.b64encode(f"ann:{_TOKEN}".encode()).decode()
        if environ.get("HTTP_AUTHORIZATION") != expected:
            start("401 Unauthorized", [("WWW-Authenticate", "Basic realm=wiki")])
            return [b""]
        return make_wsgi_chain(DictBackend({"/wiki": Repo(str(self.tree))}))(environ, start)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture(params=["path", pytest.param("http", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    if request.param == "path":
        yield Repository(tmp_path)
        return
    served = Served(tmp_path)
    yield served
    served.stop()


async def test_only_the_branch_and_the_folder_are_read(place: Repository) -> None:
    await fill(place)
    with contextlib.closing(Repo(str(place.tree))) as repository:
        porcelain.branch_create(repository, "old")
    await place.put("policies/late.md", "On the main branch.")
    old = await place.connect(branch="old", folder="/policies/")
    assert set(await listed(old)) == {"travel.md", "leave.md", "it/passwords.md"}
    assert await old.test() == "The repository answers, with 2 branches; 'old' is read."
    now = await place.connect(folder="policies")
    assert "late.md" in await listed(now)
    with pytest.raises(SourceError, match=r"has no branch 'new'; there are: ma\w+, old\."):
        await listed(await place.connect(branch="new"))
    with pytest.raises(SourceError, match=r"has no folder 'nowhere'"):
        await listed(await place.connect(folder="nowhere"))


async def test_rights_lie_beside_the_files_and_a_broken_one_stops_the_listing(place: Repository) -> None:
    await fill(place)
    place.write(f"policies/{NAME}", "allow: [group:hr]")
    place.commit()
    connector = await place.connect()
    found = await listed(connector)
    assert (found["policies/it/passwords.md"].rights, found["readme.md"].rights) == (Rights(frozenset({"group:hr"})), None)
    assert not any(NAME in path for path in found)
    assert {entry.rights for entry in (await listed(await place.connect(rights="none"))).values()} == {None}
    place.write(f"policies/{NAME}", "allow: everybody")
    place.commit()
    with pytest.raises(SourceError, match=r"policies/\.stoa-rights\.yaml.*is a list of tags"):
        await listed(connector)


async def test_links_submodules_and_hidden_files_are_no_documents(place: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (place.tree / "link.md").symlink_to(tmp_path / "secret.md")
    place.write(".hidden/notes.md", "hidden")
    place.write("plain.md", "plain")
    porcelain.init(place.tree / "module").close()
    with contextlib.closing(Repo(str(place.tree / "module"))) as module:
        module.get_worktree().commit(message=b"x", author=b"A <a@example.org>", committer=b"A <a@example.org>")
    with contextlib.closing(Repo(str(place.tree))) as repository:
        repository.get_worktree().stage(["module"])
    place.commit()
    with contextlib.closing(Repo(str(place.tree))) as repository:
        assert {b"link.md", b"module", b"plain.md"} <= set(repository.open_index())
    assert set(await listed(await place.connect())) == {"plain.md"}


async def test_a_pointer_to_a_large_file_is_unreadable(place: Repository) -> None:
    await place.put("film.md", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    connector = await place.connect()
    with pytest.raises(Unreadable, match="Git LFS"):
        await connector.fetch((await listed(connector))["film.md"], known=None)


async def test_a_clone_that_a_dead_process_left_broken_is_made_anew(place: Repository) -> None:
    await fill(place)
    connector = await place.connect()
    await listed(connector)
    (clone,) = place.scratch.iterdir()
    for pack in (clone / "objects" / "pack").iterdir():
        pack.write_bytes(b"torn")
    (clone / "objects" / "pack" / "tmp_pack_1").write_bytes(b"half")
    assert (await text_of(connector, (await listed(connector))["readme.md"])) == "Welcome to the handbook."
    assert not list((clone / "objects" / "pack").glob("tmp_*"))


async def test_many_changes_do_not_pile_up_packs(place: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stoa.adapters.sources.git._MOST_PACKS", 3)
    connector = await place.connect()
    for number in range(8):
        await place.put("a.md", f"Number {number}")
        assert await text_of(connector, (await listed(connector))["a.md"]) == f"Number {number}"
    (clone,) = place.scratch.iterdir()
    assert len(list((clone / "objects" / "pack").glob("*.pack"))) <= 4


async def test_a_repository_that_keeps_its_objects_elsewhere_is_refused(tmp_path: Path) -> None:
    place = Repository(tmp_path)
    secret = Repository(tmp_path / "secret")
    (place.tree / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (place.tree / ".git" / "objects" / "info" / "alternates").write_text(str(secret.tree / ".git" / "objects"))
    with pytest.raises(SourceError, match="keeps its objects elsewhere"):
        await listed(await place.connect())


@pytest.mark.slow
async def test_nothing_new_is_not_fetched_again(tmp_path: Path) -> None:
    served = Served(tmp_path)
    await fill(served)
    connector = await served.connect()
    await listed(connector)
    asked = len(served.requests)
    await listed(connector)
    assert served.requests[asked:] == ["GET /wiki/info/refs"]
    served.stop()


@pytest.mark.slow
async def test_credentials_that_are_refused_are_not_shown(tmp_path: Path) -> None:
    served = Served(tmp_path)
    for credentials, said in (({}, "asks for credentials"), ({"password": "hush-other"}, "refuses the credentials")):
        connector = await served.connect(credentials=credentials)
        for call in (connector.test, lambda each=connector: listed(each)):
            with pytest.raises(SourceError, match=said) as told:
                await call()
            assert "hush" not in told.value.message
    served.stop()
    with pytest.raises(SourceError) as told:
        await (await served.connect()).test()
    assert "hush" not in told.value.message


async def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async with silent() as port:
        origin = Git(url=f"http://127.0.0.1:{port}/wiki")
        around = Surroundings(tmp_path)
        connector = connect(origin, {}, most_bytes=1, surroundings=around, silence_s=0.05)
        with pytest.raises(SourceError, match="cannot be reached"):
            await connector.test()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"url": "https://ann:hush@host/wiki.git"}, "url"),
        ({"url": "ssh://host/wiki.git"}, "url"),
        ({"url": "ext::sh -c date"}, "url"),
        ({"url": "git@host:wiki.git"}, "url"),
        ({"url": "/srv/wiki", "folder": "a/../../b"}, "folder"),
    ],
)
def test_what_cannot_be_opened_names_its_field(tmp_path: Path, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        connect(Git(**fields), {}, most_bytes=1, surroundings=Surroundings(tmp_path))
    assert told.value.param == param and "hush" not in told.value.message
