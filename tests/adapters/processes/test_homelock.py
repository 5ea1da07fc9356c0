"""One Stoa a home."""

import os
import re
from pathlib import Path

import pytest

from stoa.adapters.processes.homelock import hold, is_held
from stoa.errors import Busy
from stoa.kit.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_a_second_holder_is_refused_with_the_first_ones_process_and_the_way_out(home: Home) -> None:
    with hold(home), pytest.raises(Busy, match=re.escape(f"process {os.getpid()}")) as refused, hold(home):
        pass
    assert f"kill {os.getpid()}" in refused.value.message
    assert "--home" in refused.value.message


def test_the_home_is_free_again_afterwards(home: Home) -> None:
    with hold(home):
        assert is_held(home)
    assert not is_held(home)
    with hold(home):
        assert is_held(home)


def test_a_home_that_never_ran_is_not_held(tmp_path: Path) -> None:
    assert not is_held(Home(tmp_path / "nowhere"))
