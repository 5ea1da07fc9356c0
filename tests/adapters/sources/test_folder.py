"""A folder as a source: what every source does, and that nothing leads out of it."""

import os
import shutil
import struct
import time
from pathlib import Path

import pytest
import yaml
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits

from stoa.adapters.sources.folder import connect
from stoa.adapters.sources.posix import READ, Permission, Readers, permission
from stoa.domain.identity import NOBODY, Rights
from stoa.domain.sidecars import NAME
from stoa.domain.sources import Connector, Entry, Folder
from stoa.errors import SourceError, Unreadable


class Filed:
    """A folder of the test; rights lie in sidecars, a file each."""

    traits = Traits()

    def __init__(self, folder: Path, *, settled: bool) -> None:
        self._folder, self._settled, self._clock = folder, settled, time.time_ns() - 3600 * 10**9
        self._folder.mkdir()
        self._own: dict[str, Rights] = {}

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            if self._settled:
                self._clock += 10**9
                os.utime(file, ns=(self._clock, self._clock))
        if rights is not None:
            self._own[path] = rights
            files = {name: {"allow": sorted(r.allow), "deny": sorted(r.deny)} for name, r in self._own.items()}
            (self._folder / NAME).write_text(yaml.safe_dump({"files": files}))

    async def remove(self, path: str) -> None:
        (self._folder / path).unlink()

    async def vanish(self) -> None:
        shutil.rmtree(self._folder)

    def path_of(self, path: str) -> str:
        return path

    async def connect(self, *, most_bytes: int = 1 << 20) -> Connector:
        return connect(Folder(path=str(self._folder)), {}, most_bytes=most_bytes)


@pytest.fixture(params=["settled", "fresh"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Filed:
    return Filed(tmp_path / "folder", settled=request.param == "settled")


async def listed(folder: Path, **origin: object) -> dict[str, Entry]:
    connector = connect(Folder(path=str(folder), **origin), {}, most_bytes=1000)  # type: ignore[arg-type]
    return {entry.path: entry async for entry in connector.entries()}


async def test_no_link_leads_out_of_the_folder_or_around_in_it(tmp_path: Path) -> None:
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    (folder / "below").mkdir(parents=True)
    secret.mkdir()
    (secret / "key.md").write_text("secret")
    (folder / "a.md").write_text("a")
    (folder / "out").symlink_to(secret)
    (folder / "key.md").symlink_to(secret / "key.md")
    (folder / "below" / "up").symlink_to(folder)
    (folder / "hard.md").symlink_to(folder / "a.md")
    assert set(await listed(folder)) == {"a.md"}
    connector = connect(Folder(path=str(folder)), {}, most_bytes=1000)
    for path in ("out/key.md", "key.md", "../secret/key.md", "below/up/a.md"):
        with pytest.raises((Unreadable, SourceError)):
            await connector.fetch(Entry(path=path), known=None)


async def test_a_folder_that_becomes_a_link_after_it_was_listed_leads_nowhere(tmp_path: Path) -> None:
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a.md").write_text("mine")
    secret.mkdir()
    (secret / "a.md").write_text("secret")
    (entry,) = (await listed(folder)).values()
    shutil.rmtree(folder / "below")
    (folder / "below").symlink_to(secret)
    with pytest.raises(Unreadable):
        await connect(Folder(path=str(folder)), {}, most_bytes=1000).fetch(entry, known=None)


async def test_hidden_files_and_those_of_tools_are_passed_over_unless_they_are_wanted(tmp_path: Path) -> None:
    for path in ("a.md", ".hidden.md", ".git/config", "node_modules/b.md", f"{NAME}"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("allow: [public]" if path == NAME else "x")
    assert set(await listed(tmp_path)) == {"a.md"}
    assert set(await listed(tmp_path, hidden=True)) == {"a.md", ".hidden.md", ".git/config", "node_modules/b.md"}


async def test_what_is_no_ordinary_file_is_passed_over_and_a_name_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with open(os.fsencode(tmp_path) + b"/caf\xe9.md", "w") as file:  # noqa: ASYNC230, PTH123 - a name of bytes
        file.write("x")
    (entry,) = (await listed(tmp_path)).values()
    assert entry.path == "caf\ufffd.md"
    with pytest.raises(Unreadable, match="no UTF-8"):
        await connect(Folder(path=str(tmp_path)), {}, most_bytes=1000).fetch(entry, known=None)
    with pytest.raises(Unreadable, match="no ordinary file"):
        await connect(Folder(path=str(tmp_path)), {}, most_bytes=1000).fetch(Entry(path="pipe.md"), known=None)


async def test_a_sidecar_that_cannot_be_read_stops_the_listing_rather_than_opening_anything(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    (tmp_path / NAME).write_text("alow: [group:hr]")
    with pytest.raises(SourceError, match="no field 'alow'"):
        await listed(tmp_path)


async def test_a_file_that_was_written_a_moment_ago_is_looked_into_before_it_is_held_for_unchanged(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("one")
    about = (tmp_path / "a.md").stat()
    connector = connect(Folder(path=str(tmp_path)), {}, most_bytes=1000)
    (entry,) = (await listed(tmp_path)).values()
    assert entry.version is None
    fetched = await connector.fetch(entry, known=None)
    assert fetched is not None
    (tmp_path / "a.md").write_text("two")
    os.utime(tmp_path / "a.md", ns=(about.st_atime_ns, about.st_mtime_ns))
    again = await connector.fetch(entry, known=fetched.version)
    assert again is not None
    assert again.data == b"two"


ANN, BEN, HR, IT = 1001, 1002, 2001, 2002


def has(mode: int, *, owner: int = ANN, group: int = HR, acl: bytes | None = None) -> Permission:
    stat = os.stat_result((mode, 0, 0, 0, owner, group, 0, 0, 0, 0))
    return permission(stat, acl, READ)


def acl_with(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)


class Known(Readers):
    """Ann is in hr, Ben in hr and it."""

    def __init__(self) -> None:
        super().__init__(Folder(path="/"))
        self._users = {ANN: ("user:ann", [HR]), BEN: ("user:ben", [HR, IT])}
        self._groups = {HR: "group:hr", IT: "group:it"}


def said(*way: Permission) -> Rights | None:
    return Known().rights(way)


def rights(allow: str, deny: str = "") -> Rights:
    return Rights(frozenset(allow.split()), frozenset(deny.split()))


def test_a_mode_says_for_owner_group_and_others_what_it_says() -> None:
    assert said(has(0o644)) is None
    assert said(has(0o640)) == rights("user:ann group:hr")
    assert said(has(0o600)) == rights("user:ann")
    assert said(has(0o000)) == rights(NOBODY)


def test_whom_a_mode_names_and_denies_is_shut_out_of_what_the_rest_may_read() -> None:
    assert said(has(0o604)) == rights("", "group:hr")
    assert said(has(0o044)) == rights("", "user:ann")
    assert said(has(0o040)) == rights("group:hr", "user:ann")


USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER, NONE = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0xFFFFFFFF


def test_an_acl_names_more_users_and_groups_within_its_mask() -> None:
    own = [(USER_OBJ, 6, NONE), (GROUP_OBJ, 0, NONE), (OTHER, 0, NONE)]
    acl = acl_with(*own, (USER, 4, BEN), (GROUP, 4, IT), (MASK, 4, NONE))
    assert said(has(0o640, acl=acl)) == rights("user:ann user:ben group:it")
    masked = acl_with(*own, (USER, 4, BEN), (GROUP, 4, IT), (MASK, 0, NONE))
    assert said(has(0o600, acl=masked)) == rights("user:ann")
    shut_out = acl_with((USER_OBJ, 6, NONE), (USER, 0, BEN), (GROUP_OBJ, 4, NONE), (MASK, 4, NONE), (OTHER, 0, NONE))
    assert said(has(0o640, acl=shut_out)) == rights("user:ann group:hr", "user:ben")


def test_folders_on_the_way_narrow_what_a_file_opens() -> None:
    assert said(has(0o750), has(0o644)) == rights("user:ann group:hr")
    assert said(has(0o700), has(0o644, owner=BEN)) == rights("user:ann")
    assert said(has(0o750, owner=0), has(0o640, owner=ANN, group=IT)) == rights("user:ann")  # she gets in by her group
    assert said(has(0o700, owner=BEN), has(0o600, owner=ANN)) == rights(NOBODY)


async def test_posix_rights_of_a_folder_are_read_with_names_as_the_source_says(tmp_path: Path) -> None:
    import grp
    import pwd

    file = tmp_path / "a.md"
    file.write_text("x")
    file.chmod(0o640)
    about = file.stat()
    user, group = pwd.getpwuid(about.st_uid).pw_name, grp.getgrgid(about.st_gid).gr_name
    os.chmod(tmp_path, 0o750)  # noqa: PTH101
    entry = (await listed(tmp_path, rights="posix"))["a.md"]
    assert entry.rights == rights(f"user:{user} group:{group}")
    entry = (await listed(tmp_path, rights="posix", users={user: "user:ann"}, groups={group: "team:lab"}))["a.md"]
    assert entry.rights == rights("user:ann team:lab")
    file.chmod(0o600)
    moved = (await listed(tmp_path, rights="posix"))["a.md"]
    assert (moved.rights, moved.bytes) == (rights(f"user:{user}"), 1)


async def test_a_posix_acl_of_the_file_system_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("x")
    os.chmod(tmp_path, 0o755)  # noqa: PTH101
    acl = acl_with((USER_OBJ, 6, NONE), (USER, 4, 1), (GROUP_OBJ, 0, NONE), (GROUP, 4, 1), (MASK, 4, NONE), (OTHER, 0, NONE))
    try:
        os.setxattr(file, "system.posix_acl_access", acl)
    except OSError as error:
        pytest.skip(f"this file system has no POSIX ACLs: {error.strerror}")
    entry = (await listed(tmp_path, rights="posix", users={"daemon": "user:dora"}, groups={"daemon": "group:dora"}))["a.md"]
    assert entry.rights is not None
    assert {"user:dora", "group:dora"} <= entry.rights.allow
