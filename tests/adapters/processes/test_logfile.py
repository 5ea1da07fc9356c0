"""Log files of bounded size."""

from contextlib import closing
from pathlib import Path

from stoa.adapters.processes.logfile import LogFile


def test_a_full_file_becomes_number_one_and_the_oldest_goes(tmp_path: Path) -> None:
    with closing(LogFile(tmp_path / "role.log", limit=10, kept=2)) as log:
        for number in range(5):
            log.write(f"line {number} ......\n".encode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["role.log", "role.log.1", "role.log.2"]
    assert (tmp_path / "role.log").read_text() == "line 4 ......\n"
    assert (tmp_path / "role.log.2").read_text() == "line 2 ......\n"


def test_a_line_is_never_torn_by_rotation(tmp_path: Path) -> None:
    with closing(LogFile(tmp_path / "role.log", limit=4)) as log:
        log.write(b"half of ")
        log.write(b"a line\n")
        log.write(b"next\n")
    assert (tmp_path / "role.log.1").read_text() == "half of a line\n"


def test_an_old_file_is_continued_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "role.log"
    path.write_text("before\n")
    with closing(LogFile(path)) as log:
        start = log.size
        log.write(b"after\n")
        assert log.tail(lines=5, start=start) == ["after"]
    assert path.read_text() == "before\nafter\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    with closing(LogFile(tmp_path / "role.log")) as log:
        log.write(b"one\ntwo\nthree\n")
        assert log.tail(lines=2, start=0) == ["two", "three"]


def test_a_disk_that_refuses_does_not_stop_the_writer(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    with closing(LogFile(tmp_path / "role.log")) as log:
        log._file.close()
        log._file = (tmp_path / "full").open("ab", buffering=0)
        log.write(b"lost\n")
