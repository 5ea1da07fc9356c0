"""Objects in S3: what settings mean, what a broken-off upload leaves, and that the secret is not told."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.adapters.objects.moto_server import BUCKET, MotoServer, moto_server

from stoa.adapters.objects.opening import open_objects
from stoa.errors import SettingsError
from stoa.sections import ObjectSettings
from stoa.settings import Settings, effective


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoServer]:
    with moto_server() as server:
        yield server


async def test_a_folder_may_be_named_and_is_else_that_of_the_home(tmp_path: Path) -> None:
    await open_objects(ObjectSettings(), tmp_path / "home").put("raw/x", b"1")
    await open_objects(ObjectSettings(url=str(tmp_path / "other")), tmp_path / "home").put("raw/x", b"2")
    assert ((tmp_path / "home/raw/x").read_bytes(), (tmp_path / "other/raw/x").read_bytes()) == (b"1", b"2")


@pytest.mark.slow
async def test_prefixes_of_a_bucket_are_apart(moto: MotoServer, tmp_path: Path) -> None:
    one, other = (open_objects(moto.settings(prefix), tmp_path) for prefix in ("one", "other/deep"))
    await one.put("raw/x", b"1")
    assert await other.get("raw/x") is None
    assert (await one.names("raw"), await other.names("raw")) == (["raw/x"], [])
    assert "<Key>one/raw/x</Key>" in moto.ask(f"/{BUCKET}?list-type=2")


@pytest.mark.slow
async def test_an_upload_that_breaks_off_is_not_left_open(moto: MotoServer, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * 1_000_000
        raise ConnectionResetError

    objects = open_objects(moto.settings("broken"), tmp_path)
    with pytest.raises(ConnectionResetError):
        await objects.write("files/a", broken())
    assert await objects.names("files") == []
    assert "<Upload>" not in moto.ask(f"/{BUCKET}?uploads")


def test_the_secret_is_masked_where_settings_are_shown() -> None:
    shown = effective(Settings(objects=ObjectSettings(url="s3://b", key_id="key", secret="hunter2")))
    assert shown["objects.secret"] == "********"
    assert shown["objects.key_id"] == "key"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "gs://b"}, "expected a folder or s3://bucket/prefix, but found 'gs://...'"),
        ({"url": "s3:///x"}, "expected a folder or s3://bucket/prefix"),
        ({"url": "s3://key:hunter2@b"}, "expected a folder or s3://bucket/prefix"),
        ({"key_id": "x", "secret": "hunter2"}, "are for an objects.url such as s3://bucket/prefix"),
        ({"url": "s3://b", "key_id": "x"}, "set both or none"),
    ],
)
def test_settings_that_mean_nothing_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("(", r"\(").replace(".", r"\.")) as found:
        ObjectSettings(**given)
    assert "hunter2" not in found.value.message
