"""What every store of objects does: in a folder, in memory, and in S3."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.adapters.objects.moto_server import MotoServer, moto_server

from stoa.adapters.objects.opening import open_objects
from stoa.adapters.objects.store import ObjectFolder


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoServer]:
    with moto_server() as server:
        yield server


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectFolder:
    if request.param == "s3":
        return open_objects(request.getfixturevalue("moto").settings(request.node.name), tmp_path)
    return ObjectFolder.local(tmp_path / "objects") if request.param == "folder" else ObjectFolder.memory()


async def test_an_object_is_there_until_it_is_deleted(objects: ObjectFolder) -> None:
    assert await objects.get("raw/ab/x") is None
    await objects.put("raw/ab/x", b"one")
    await objects.put("raw/ab/x", b"two")
    await objects.put("raw/ab/empty", b"")
    assert (await objects.get("raw/ab/x"), await objects.get("raw/ab/empty")) == (b"two", b"")
    for _ in range(2):
        await objects.delete("raw/ab/x")
    assert await objects.get("raw/ab/x") is None


async def test_objects_are_found_by_their_folder(objects: ObjectFolder) -> None:
    for name in ("vectors/a/2", "vectors/a/1", "vectors/ab/1", "raw/x"):
        await objects.put(name, b"x")
    assert await objects.names("vectors/a") == ["vectors/a/1", "vectors/a/2"]
    assert await objects.names("vectors") == ["vectors/a/1", "vectors/a/2", "vectors/ab/1"]
    assert await objects.names("nothing") == []


async def test_names_do_not_leave_the_folder(tmp_path: Path) -> None:
    objects = ObjectFolder.local(tmp_path / "objects")
    with pytest.raises(Exception, match=r".*"):
        await objects.put("../outside", b"x")
    assert not (tmp_path / "outside").exists()


async def _cut(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def test_an_object_goes_in_and_out_in_pieces(objects: ObjectFolder) -> None:
    data = bytes(range(256)) * 50_000
    assert await objects.write("files/a", _cut(data, 100_000)) == len(data)
    assert await objects.write("files/empty", _cut(b"", 1)) == 0
    for name, expected in (("files/a", data), ("files/empty", b"")):
        pieces = await objects.read(name)
        assert pieces is not None
        assert b"".join([piece async for piece in pieces]) == expected
    assert await objects.read("files/none") is None


@pytest.mark.parametrize("error", [ConnectionResetError, asyncio.CancelledError])
async def test_pieces_that_break_off_leave_nothing(objects: ObjectFolder, tmp_path: Path, error: type[BaseException]) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * 1_000_000
        raise error

    with pytest.raises(error):
        await objects.write("files/a", broken())
    assert await objects.get("files/a") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []  # noqa: ASYNC240 - a folder of a test


async def test_what_a_dead_writer_left_goes_with_the_name(tmp_path: Path) -> None:
    objects = ObjectFolder.local(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a#1").write_bytes(b"half")
    (tmp_path / "files" / "ab#1").write_bytes(b"half")
    await objects.delete("files/a")
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["ab#1"]
