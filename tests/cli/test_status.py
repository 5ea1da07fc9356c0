"""`stoa status`."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.cli.conftest import ScriptedApi
from typer.testing import Result

from stoa.adapters.processes.homelock import hold
from stoa.adapters.processes.listening import listen
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.cli.target import Target
from stoa.kit.home import Home


def test_a_stoa_elsewhere_is_seen_through_its_control_plane(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    well = {"ready": True, "reasons": [], "reachable": True}
    ill = {"ready": False, "reasons": ["the models are loading"], "reachable": True}
    api.answers["GET", "/api/status"] = {"ready": False, "roles": {"gateway": well, "engine": ill}}
    result = stoa("status")
    assert result.exit_code == 1
    assert result.stderr == "http://stoa.test is not ready.\n"
    assert result.stdout.splitlines()[2].split() == ["engine", "not", "ready", "-", "-", "the", "models", "are", "loading"]


def test_a_role_of_this_machine_that_is_down_hides_no_other(stoa: Callable[..., Result], tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    with listen("127.0.0.1", 0) as free:
        nothing = RoleEntry(url=f"http://127.0.0.1:{free.getsockname()[1]}", pid=7, restarts=2)
    write_roles(home, Roles(supervisor=1, gateway=nothing, control=nothing, worker=nothing, engine=nothing))
    with hold(home):
        result = stoa("status", "--json", target=Target(home=home.path, transport=httpx.MockTransport(ScriptedApi())))
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [role["role"] for role in told["roles"]] == ["gateway", "control", "worker", "engine"]
    assert told["roles"][0]["pid"] == 7
    assert told["roles"][0]["restarts"] == 2
    assert told["roles"][0]["reasons"][0].startswith("no answer")
