"""The log of contents: sealed on disk, bounded, and never in anybody's way."""

from pathlib import Path

import msgspec
import pytest

from stoa.adapters.secrets import Secrets
from stoa.adapters.secrets.contents import ContentSeals
from stoa.adapters.wal.contents import DiskContents
from stoa.domain.contents import Content

SEALS = ContentSeals(Secrets(b"m" * 32))


def content(number: int, size: int = 10) -> Content:
    return Content(f"f{number}", 1, "red", "user:ann", 7, b"secret question" + b"x" * size, b"secret answer")


def unwrapped(log: DiskContents) -> list[Content]:
    found = [msgspec.msgpack.decode(log.read(batch), type=list[bytes]) for batch in log.batches()]
    return [SEALS.unwrap(each) for batch in found for each in batch]


def test_contents_come_out_as_they_went_in_and_lie_sealed(tmp_path: Path) -> None:
    log = DiskContents(tmp_path / "contents", SEALS)
    for number in range(3):
        log.keep(content(number))
    log.close()
    assert unwrapped(log) == [content(number) for number in range(3)]
    assert all(b"secret" not in path.read_bytes() for path in (tmp_path / "contents").iterdir())
    assert (log.kept, log.dropped) == (3, 0)


def test_large_contents_make_several_batches_and_each_is_removed_alone(tmp_path: Path) -> None:
    log = DiskContents(tmp_path / "contents", SEALS)
    for number in range(5):
        log.keep(content(number, size=500_000))
    log.close()
    batches = log.batches()
    assert len(batches) > 1
    log.remove(batches[0])
    assert log.batches() == batches[1:]


def test_what_finds_no_room_is_dropped_and_counted(tmp_path: Path) -> None:
    log = DiskContents(tmp_path / "contents", SEALS, waiting_bytes=3000)
    for number in range(100):
        log.keep(content(number, size=100))
    log.close()
    assert log.kept + log.dropped == 100
    assert log.dropped > 0
    assert len(unwrapped(log)) == log.kept


def test_a_spool_that_is_full_takes_no_more_until_control_has_some(tmp_path: Path) -> None:
    log = DiskContents(tmp_path / "contents", SEALS, spool_bytes=1000)
    log.keep(content(1, size=2000))
    log.flush()
    log.keep(content(2))
    assert log.dropped == 1
    log.remove(log.batches()[0])
    log.keep(content(3))
    log.close()
    assert [each.id for each in unwrapped(log)] == ["f3"]


def test_what_a_former_process_left_whole_is_still_there(tmp_path: Path) -> None:
    before = DiskContents(tmp_path / "contents", SEALS)
    before.keep(content(1))
    before.close()
    (tmp_path / "contents" / "torn.part").write_bytes(b"\x00\x00")
    log = DiskContents(tmp_path / "contents", SEALS)
    assert [each.id for each in unwrapped(log)] == ["f1"]
    assert not (tmp_path / "contents" / "torn.part").exists()
    log.close()


def test_another_home_cannot_read_what_is_on_its_way() -> None:
    other = ContentSeals(Secrets(b"o" * 32))
    with pytest.raises(ValueError, match="cannot be read"):
        other.unwrap(SEALS.wrap(content(1)))
