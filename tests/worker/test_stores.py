"""The worker on a Milvus server with its objects in S3, and an index that is moved there while the worker runs."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.objects.moto_server import MotoServer, moto_server
from tests.adapters.vectors.milvus_server import LiteServer, lite_server
from tests.worker.test_role import ACL, Site, files, inherited, site

from stoa.adapters.objects.opening import open_objects
from stoa.adapters.vectors.milvus import MilvusIndex

__all__ = ["site"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with lite_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoServer]:
    with moto_server() as server:
        yield server


async def stoa(site: Site, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """A verb in a process of its own: its exit code, and what it said on both ways."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stoa", *arguments, env={**inherited(), "STOA_HOME": site.settings.home, **settings},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, told = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(), told.decode()


async def test_an_index_moves_to_milvus_under_a_running_worker_and_what_waits_arrives_there(
    site: Site, milvus: LiteServer
) -> None:
    first = await site.queue(files(12))
    async with site.worker() as process:
        await site.until(first, lambda job: job.ended_at is not None)
        code, setting, told = await stoa(site, "vectors", "migrate", "--to", milvus.url)
        assert (code, setting) == (0, f"STOA_VECTORS__URL={milvus.url}\n"), told
        second = await site.queue({"late.md": b"# Late\n\nCame after the move."})
        await asyncio.sleep(2)
        assert (await site.job(second)).ended_at is None
        process.send_signal(signal.SIGTERM)  # a worker whose write waits ends like any other
        await asyncio.wait_for(process.wait(), 30)
    async with site.worker(STOA_VECTORS__URL=milvus.url):
        job = await site.until(second, lambda job: job.ended_at is not None)
    assert job.state == "succeeded"
    index = MilvusIndex(milvus.url)
    documents = [*await site.documents(first), *await site.documents(second)]
    assert await index.documents("c") == sorted(document.id for document in documents)
    for document in documents:
        assert len(await index.of_document("c", document.id, acl=ACL)) == document.chunks
    await index.close()
    code, _, told = await stoa(site, "vectors", "verify", STOA_VECTORS__URL=milvus.url)
    assert (code, "All as the documents say." in told) == (0, True), told


async def test_objects_and_snapshots_lie_in_s3(site: Site, moto: MotoServer, tmp_path: Path) -> None:
    settings = moto.settings("company")
    environment = {
        "STOA_OBJECTS__URL": settings.url or "", "STOA_OBJECTS__ENDPOINT": moto.url, "STOA_OBJECTS__KEY_ID": "key",
        "STOA_OBJECTS__SECRET": settings.secret or "",
    }  # fmt: skip
    queued = await site.queue(files(3), open_objects(settings, tmp_path))
    async with site.worker(**environment):
        job = await site.until(queued, lambda job: job.ended_at is not None)
    assert (job.state, job.done) == ("succeeded", 3)
    code, snapshot, told = await stoa(site, "vectors", "snapshot", "create", "c", **environment)
    assert code == 0, told
    code, _, told = await stoa(site, "vectors", "snapshot", "restore", "c", snapshot.strip(), **environment)
    assert (code, "3 documents from the snapshot" in told) == (0, True), told
    assert not any(site.settings.home_folder.objects.rglob("*"))
