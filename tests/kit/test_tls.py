"""TLS contexts follow their files."""

import logging
import os
import ssl
from pathlib import Path

import pytest

from stoa.kit.tls import Renewed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def made(files: list[Path], clock: Clock) -> Renewed:
    def make() -> ssl.SSLContext:
        if b"broken" in files[0].read_bytes():
            raise ssl.SSLError(1, "no start line")
        return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    return Renewed(files, make, clock=clock)


def test_a_changed_file_is_noticed_within_a_second_and_an_unchanged_one_costs_nothing(tmp_path: Path) -> None:
    file, clock = tmp_path / "a", Clock()
    file.write_bytes(b"one")
    contexts = made([file], clock)
    first = contexts()
    clock.now = 5.0
    assert contexts() is first
    file.write_bytes(b"another")
    clock.now = 5.5
    assert contexts() is first
    clock.now = 6.0
    assert contexts() is not first


def test_a_broken_file_keeps_what_was_there_and_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, clock = tmp_path / "a", Clock()
    file.write_bytes(b"one")
    contexts = made([file], clock)
    first = contexts()
    file.write_bytes(b"broken")
    with caplog.at_level(logging.ERROR):
        for clock.now in (1.0, 2.0, 3.0):
            assert contexts() is first
    assert len(caplog.records) == 1
    file.unlink()
    clock.now = 4.0
    assert contexts() is first
    file.write_bytes(b"whole again")
    clock.now = 5.0
    assert contexts() is not first


def test_a_file_that_is_swapped_for_one_of_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    file, other, clock = tmp_path / "a", tmp_path / "b", Clock()
    for path in (file, other):
        path.write_bytes(b"same")
        os.utime(path, (1, 1))
    contexts = made([file], clock)
    first = contexts()
    other.replace(file)
    clock.now = 1.0
    assert contexts() is not first
