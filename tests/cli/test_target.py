"""Which Stoa a verb talks to, and with which key."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import ScriptedApi, listed
from typer.testing import Result

from stoa.adapters.processes.homelock import hold
from stoa.adapters.processes.runfile import RoleEntry, Roles, write_roles
from stoa.cli.target import Target
from stoa.errors import OperatorError
from stoa.kit.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home on which a Stoa could be running at stoa.test."""
    made = Home(tmp_path / "home")
    made.prepare()
    away = RoleEntry(url="http://127.0.0.1:9")
    write_roles(made, Roles(supervisor=1, gateway=RoleEntry(url="http://stoa.test"), control=away, worker=away, engine=away))
    (made.secrets / "cli.key").write_text("sk-stoa-mgmt-local\n")
    return made


def test_the_local_key_opens_the_stoa_of_the_home(stoa: Callable[..., Result], api: ScriptedApi, home: Home) -> None:
    api.answers["GET", "/api/keys"] = listed()
    with hold(home):
        result = stoa("key", "list", target=Target(home=home.path, transport=httpx.MockTransport(api)))
    assert result.exit_code == 0, result.stderr
    assert api.requests[0].headers["authorization"] == "Bearer sk-stoa-mgmt-local"


def test_the_local_key_is_never_shown_to_another_stoa(home: Home) -> None:
    with hold(home), pytest.raises(OperatorError, match="STOA_TOKEN"):
        Target(home=home.path, url="http://elsewhere.test").connect()


def test_what_an_ended_stoa_left_behind_is_not_taken_for_a_running_one(home: Home) -> None:
    with pytest.raises(OperatorError, match="No Stoa is running"):
        Target(home=home.path).connect()


def test_a_stoa_that_is_still_starting_is_said_to_be(home: Home) -> None:
    (home.secrets / "cli.key").unlink()
    with hold(home), pytest.raises(OperatorError, match="still starting"):
        Target(home=home.path).connect()


def test_a_url_without_a_scheme_is_named(home: Home) -> None:
    with pytest.raises(OperatorError, match=r"'stoa\.test' must begin with http"):
        Target(home=home.path, url="stoa.test").connect()


def test_options_before_the_verb_win_over_the_environment(
    stoa: Callable[..., Result], api: ScriptedApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    api.answers["GET", "/api/groups"] = listed({"name": "hr"})
    monkeypatch.setenv("STOA_URL", "http://environment.test")
    monkeypatch.setenv("STOA_TOKEN", "from the environment")
    bare = Target(home=tmp_path, transport=httpx.MockTransport(api))
    stoa("--url", "http://option.test", "group", "list", target=bare)
    (request,) = api.requests
    assert request.url.host == "option.test"
    assert request.headers["authorization"] == "Bearer from the environment"


def test_the_stoa_of_the_home_is_called_past_its_entry(home: Home) -> None:
    running = RoleEntry(url="http://127.0.0.1:7")
    second = RoleEntry(url="http://127.0.0.1:8")
    entry = "https://stoa.test"
    write_roles(
        home,
        Roles(
            supervisor=1, entry=entry, gateway=running, gateways={"gateway-2": second},
            control=running, worker=running, engine=running,
        ),
    )  # fmt: skip
    with hold(home):
        for url in (None, entry, f"{entry}/", running.url):
            place = Target(home=home.path, url=url)
            assert place.entry() == (running.url, True)
            assert place.gateways() == [running.url, second.url]
        assert Target(home=home.path, url="https://elsewhere.test").gateways() == ["https://elsewhere.test"]
