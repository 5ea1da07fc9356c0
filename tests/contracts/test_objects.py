"""What every store of objects does, in a folder and in memory."""

from pathlib import Path

import pytest

from stoa.adapters.objects.store import ObjectFolder


@pytest.fixture(params=["folder", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectFolder:
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


async def test_names_do_not_leave_the_folder(tmp_path: Path) -> None:
    objects = ObjectFolder.local(tmp_path / "objects")
    with pytest.raises(Exception, match=r".*"):
        await objects.put("../outside", b"x")
    assert not (tmp_path / "outside").exists()
