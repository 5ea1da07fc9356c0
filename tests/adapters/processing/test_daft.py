"""Many documents over Daft, beside this process and on a real local Ray: the same chunks, and nobody suffers from poison."""

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.adapters.processing.partitions import RECIPE, direct

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.processing.child import Opening
from stoa.adapters.processing.daft import DaftProcessor
from stoa.domain.documents import raw_name
from stoa.domain.processing import Item, Processed

ROOT = Path(__file__).parents[3]
HERE = "tests.adapters.processing.partitions"


async def stored(folder: Path) -> list[Item]:
    """Seventy documents of several kinds, two of them poison, with their bytes in the object store."""
    files = {f"{n}.md": f"# Part {n}\n\n{' '.join(f'word{n}x{m}' for m in range(5 * n))}\n".encode() for n in range(66)}
    files |= {"t.csv": b"name,age\nann,7\nben,8\n", "p.html": b"<h1>Hi</h1><p>There.</p>", "crash.txt": b"c", "hang.txt": b"h"}
    objects, items = ObjectFolder.local(folder / "objects"), list[Item]()
    for number, (path, data) in enumerate(files.items()):
        digest = hashlib.sha256(data).hexdigest()
        await objects.put(raw_name(digest), data)
        items.append(Item(id=f"d{number:02}", path=path, digest=digest))
    (folder / "items").write_bytes(msgspec.msgpack.encode([*items, Item("d98", "big.pdf", "0" * 64, "It is too large.")]))
    return [*items, Item("d98", "big.pdf", "0" * 64, "It is too large.")]


async def run(how: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", HERE, how, str(folder)]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["native", "ray"])
async def test_partitions_give_the_very_chunks_that_this_process_gives(tmp_path: Path, runner: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    items = await stored(here)
    await stored(there)
    expected, done = await direct(here, items), await run(runner, there)
    assert done.returncode == 0, done.stderr[-3000:]
    found = msgspec.msgpack.decode((there / "processed").read_bytes(), type=list[Processed])
    assert msgspec.msgpack.encode(found) == msgspec.msgpack.encode(expected)
    failures = {each.id: each.failure for each in found if each.failure}
    assert failures.keys() == {"d68", "d69", "d98"}
    assert "crash" in (failures["d68"] or "")
    assert "longer" in (failures["d69"] or "")
    assert failures["d98"] == "It is too large."
    assert sum(len(each.chunks) for each in found) > 200


@pytest.mark.slow
@pytest.mark.parametrize("function", ["open_nothing", "open_dying"])
async def test_processes_that_cannot_work_are_an_error_and_no_wait(tmp_path: Path, function: str) -> None:
    await stored(tmp_path)
    done = await run(function, tmp_path)
    assert done.returncode == 1
    assert "ProcessingError: Processing a partition broke off" in done.stderr


@pytest.mark.slow
async def test_whoever_stops_listening_leaves_no_process(tmp_path: Path) -> None:
    await stored(tmp_path)
    done = await run("stopped", tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]


async def test_nothing_to_process_starts_nothing() -> None:
    processor = DaftProcessor(lambda _team: Opening("nowhere:nothing", b""))
    assert [some async for some in processor.process([], RECIPE, team="t")] == []
