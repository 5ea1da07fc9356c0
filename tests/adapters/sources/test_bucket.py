"""Buckets of a server that speaks like S3, in a process of its own."""

import itertools
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from obstore.store import S3Store
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits, fill, listed, text_of
from tests.upstreams.silent import silent

from stoa.adapters.sources.bucket import BucketConnector, connect
from stoa.domain.identity import Rights
from stoa.domain.sidecars import NAME
from stoa.domain.sources import Bucket
from stoa.errors import InvalidRequest, SourceError

_KEYS = {"access_key_id": "ann", "secret_access_key": "hush"}
_MOTO = Path(__file__).parents[3] / ".build" / "suites" / "bin" / "moto_server"
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([_MOTO, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None, "the server ended while it started"
            try:
                httpx.get(f"{url}/moto-api/", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


class S3:
    """The contract's place: a bucket of its own."""

    traits = Traits()

    def __init__(self, url: str) -> None:
        self.url, self.name = url, f"wiki-{next(_NUMBERS)}"
        self.send("PUT", self.name)
        options: Any = {"endpoint": url, "region": "us-east-1", "client_options": {"allow_http": True}, **_KEYS}
        self.store = S3Store(self.name, **options)
        self._said: dict[str, dict[str, list[str]]] = {}

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        await self.store.put_async(path, text.encode())
        self._said.pop(path, None)
        if rights is not None:
            self._said[path] = {"allow": sorted(rights.allow), "deny": sorted(rights.deny)}
        if self._said:
            await self.store.put_async(NAME, yaml.safe_dump({"files": self._said}).encode())

    async def remove(self, path: str) -> None:
        await self.store.delete_async(path)

    async def vanish(self) -> None:
        async for batch in self.store.list():  # pyright: ignore[reportUnknownMemberType]
            await self.store.delete_async([each["path"] for each in batch])
        self.send("DELETE", self.name)

    def path_of(self, path: str) -> str:
        return path

    def send(self, method: str, path: str, content: bytes = b"") -> None:
        """What the store does not do: buckets, keys that are no paths, and the server's own switches."""
        httpx.request(method, f"{self.url}/{path}", content=content).raise_for_status()

    async def connect(
        self, *, most_bytes: int = 1 << 20, credentials: Mapping[str, str] = _KEYS, **fields: Any
    ) -> BucketConnector:
        said: dict[str, Any] = {"bucket": self.name, "endpoint": self.url, **fields}
        return connect(Bucket(**said), credentials, most_bytes=most_bytes)


@pytest.fixture(params=[pytest.param("s3", marks=pytest.mark.slow)])
def place(server: str) -> S3:
    return S3(server)


async def test_a_prefix_may_end_within_a_name(place: S3) -> None:
    await fill(place, {"docs/2024-a.md": "a", "docs/2024-b/c.md": "c", "docs/2025.md": "x", "other.md": "x"})
    assert set(await listed(await place.connect(prefix="docs/2024-"))) == {"2024-a.md", "2024-b/c.md"}
    below = await place.connect(prefix="docs/")
    found = await listed(below)
    assert set(found) == {"2024-a.md", "2024-b/c.md", "2025.md"}
    assert await text_of(below, found["2024-b/c.md"]) == "c"
    assert await below.test() == f"The bucket '{place.name}' answers, with 3 objects below 'docs/'."


async def test_a_listing_goes_over_many_pages(place: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stoa.adapters.sources.bucket._PAGE", 2)
    await fill(place, {f"{number:02}.md": "x" for number in range(11)})
    assert len(await listed(await place.connect())) == 11


async def test_rights_of_a_folder_count_wherever_they_are_listed(place: S3) -> None:
    await fill(place, {"hr/!first.md": "before the dot", "hr/pay.md": "after it", "hr/deep/x.md": "x", "open.md": "x"})
    await place.store.put_async(f"hr/{NAME}", b"allow: [group:hr]")
    found = await listed(await place.connect())
    hr = Rights(frozenset({"group:hr"}))
    assert {path: entry.rights for path, entry in found.items()} == {
        "hr/!first.md": hr, "hr/pay.md": hr, "hr/deep/x.md": hr, "open.md": None,
    }  # fmt: skip
    assert {entry.rights for entry in (await listed(await place.connect(rights="none"))).values()} == {None}
    await place.store.put_async(f"hr/{NAME}", b"allow: [HR]")
    with pytest.raises(SourceError, match=r"'HR'.*is no access tag"):
        await listed(await place.connect())


async def test_marks_of_folders_and_hidden_objects_are_no_documents(place: S3) -> None:
    await fill(place, {"a/b.md": "x", ".git/config": "x"})
    place.send("PUT", f"{place.name}/a/")
    assert set(await listed(await place.connect())) == {"a/b.md"}


async def test_a_key_that_is_no_path_is_named(place: S3) -> None:
    place.send("PUT", f"{place.name}/a//b.md", b"x")
    with pytest.raises(SourceError, match=r"holds the key 'a//b\.md', which is no path"):
        await listed(await place.connect())


async def test_a_bucket_that_is_not_there_or_refuses_says_so(place: S3) -> None:
    with pytest.raises(SourceError, match="answers NoSuchBucket"):
        await (await place.connect(bucket="nowhere")).test()
    with pytest.raises(SourceError, match=r"cannot be reached at http://127\.0\.0\.1:9: ") as told:
        await (await place.connect(endpoint="http://127.0.0.1:9")).test()
    assert "hush" not in told.value.message


async def test_refused_credentials_are_told_without_showing_them(place: S3) -> None:
    await fill(place)
    place.send("POST", "moto-api/reset-auth", b"0")  # from now on credentials are looked at
    try:
        for call in (await place.connect()).test, (await place.connect()).entries().__anext__:
            with pytest.raises(SourceError, match="refuses the credentials") as told:
                await call()
            assert "hush" not in told.value.message and told.value.code == "source_refused"
    finally:
        place.send("POST", "moto-api/reset-auth", b"9999999")


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with silent() as port:
        connector = connect(
            Bucket(bucket="wiki", endpoint=f"http://127.0.0.1:{port}"), _KEYS, most_bytes=1,
            client={"allow_http": True, "timeout": "0.1s"}, retry={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
        )  # fmt: skip
        with pytest.raises(SourceError, match="cannot be reached"):
            await connector.test()


@pytest.mark.parametrize(
    ("fields", "credentials", "param"),
    [
        ({"bucket": "No Bucket"}, {}, "bucket"),
        ({"endpoint": "minio:9000"}, {}, "endpoint"),
        ({"endpoint": "http://ann:hush@minio"}, {}, "endpoint"),
        ({}, {"access_key_id": "hush"}, "credentials"),
    ],
)
def test_what_cannot_be_opened_names_its_field(fields: dict[str, Any], credentials: dict[str, str], param: str) -> None:
    said: dict[str, Any] = {"bucket": "wiki", **fields}
    with pytest.raises(InvalidRequest) as told:
        connect(Bucket(**said), credentials, most_bytes=1)
    assert told.value.param == param and "hush" not in told.value.message
