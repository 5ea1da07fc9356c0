"""Commits that a table's folder tells of."""

import os
from pathlib import Path

from stoa.adapters.vectors.lance_folder import COARSE_S, NOT_SEEN, TableFolders


def versions(root: Path) -> Path:
    path = root / "c.lance" / "_versions"
    path.mkdir(parents=True)
    (path / "1.manifest").touch()
    return path


def back_in_time(path: Path, to_ns: int) -> None:
    os.utime(path, ns=(to_ns, to_ns))


def test_a_new_name_is_a_change_even_within_one_tick_of_the_clock(tmp_path: Path) -> None:
    path, folders = versions(tmp_path), TableFolders(tmp_path)
    look = folders.look("c")
    assert look is not None
    assert folders.is_as(look)
    (path / "2.manifest").touch()
    back_in_time(path, look.changed_ns)
    assert not folders.is_as(look)


def test_after_a_while_the_time_alone_tells(tmp_path: Path) -> None:
    now = 0.0
    path, folders = versions(tmp_path), TableFolders(tmp_path, clock=lambda: now)
    look = folders.look("c")
    assert look is not None
    assert folders.is_as(look)
    assert not look.old
    now = COARSE_S
    assert folders.is_as(look)
    assert look.old
    (path / "2.manifest").touch()
    back_in_time(path, look.changed_ns + 1)
    assert not folders.is_as(look)


def test_a_folder_in_the_place_of_another_is_a_change(tmp_path: Path) -> None:
    versions(tmp_path)
    folders = TableFolders(tmp_path)
    look = folders.look("c")
    assert look is not None
    (tmp_path / "c.lance").rename(tmp_path / "old")
    assert not folders.is_as(look)
    back_in_time(versions(tmp_path), look.changed_ns)
    assert not folders.is_as(look)


def test_what_is_not_there_tells_nothing(tmp_path: Path) -> None:
    assert TableFolders(tmp_path).look("c") is None
    assert NOT_SEEN.look("c") is None
