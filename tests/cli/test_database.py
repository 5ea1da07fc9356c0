"""`stoa db`."""

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from stoa.adapters.processes.homelock import hold
from stoa.kit.home import Home


def test_a_database_is_made_checked_copied_and_put_back(stoa: Callable[..., Result], tmp_path: Path) -> None:
    assert "no database" in stoa("db", "check").stderr
    assert "Applied to the database and verified" in stoa("db", "migrate").stderr
    assert stoa("db", "check").exit_code == 0
    assert "Nothing to do" in stoa("db", "migrate").stderr
    copy = stoa("db", "backup").stdout.strip()
    assert Path(copy).is_file()
    restored = stoa("db", "restore", copy)
    assert restored.exit_code == 0, restored.stderr
    assert "What was there before" in restored.stderr


def test_a_quiet_migration_of_a_new_home_says_nothing(stoa: Callable[..., Result]) -> None:
    assert stoa("db", "migrate", "--quiet").output == ""


def test_nothing_is_restored_under_a_running_stoa(stoa: Callable[..., Result], tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    with hold(home):
        result = stoa("db", "restore", "a file")
    assert result.exit_code == 1
    assert "already running" in result.stderr
