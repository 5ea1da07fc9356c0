"""`stoa gateway` alone: what keeps it from being one of several; how it serves is in journeys/test_limits_over_replicas.py."""

from pathlib import Path
from typing import Any

import pytest

from stoa.adapters.processes.homelock import hold
from stoa.cli.replica import run_replica
from stoa.errors import OperatorError
from stoa.sections import RedisSettings
from stoa.settings import GatewaySettings, Settings


def settings(home: Path, *, redis: str | None = "redis://127.0.0.1:1", **gateway: Any) -> Settings:
    gateway = {"control": "http://127.0.0.1:1"} | gateway
    return Settings(home=str(home), port=0, redis=RedisSettings(url=redis), gateway=GatewaySettings(**gateway))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"control": None}, r"stoa gateway --control http://host:port.*stoa up"),
        ({"redis": None}, r"count limits and budgets together.*Set redis\.url"),
        ({"workers": 2}, r"gateway\.workers is 2"),
        ({}, r"copy secrets/master\.key"),
    ],
)
def test_what_is_missing_is_said_before_it_serves(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        run_replica(settings(tmp_path / "home", **changes))


def test_a_home_that_is_in_use_is_refused(tmp_path: Path) -> None:
    here = settings(tmp_path / "home")
    here.home_folder.prepare()
    (here.home_folder.secrets / "master.key").write_text("any")
    with hold(here.home_folder), pytest.raises(OperatorError, match="home"):
        run_replica(here)
