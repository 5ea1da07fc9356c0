"""Where each role listens, as the roles and the command line read it."""

import json
from pathlib import Path

import msgspec
import pytest

from stoa.adapters.processes.runfile import RoleEntry, Roles, read_roles, remove_roles, write_roles
from stoa.errors import OperatorError
from stoa.kit.home import Home

ROLES = Roles(
    supervisor=1,
    gateway=RoleEntry(url="http://127.0.0.1:8420", pid=2),
    control=RoleEntry(url="http://127.0.0.1:1"),
    worker=RoleEntry(url="http://127.0.0.1:2"),
    engine=RoleEntry(url="http://127.0.0.1:3"),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.prepare()
    return made


def test_what_was_written_is_read_and_is_plain_json(home: Home) -> None:
    write_roles(home, ROLES)
    assert read_roles(home) == ROLES
    assert json.loads((home.run / "roles.json").read_text())["gateway"]["url"] == "http://127.0.0.1:8420"


def test_without_the_file_the_reader_is_told_to_start_stoa(home: Home) -> None:
    write_roles(home, ROLES)
    remove_roles(home)
    with pytest.raises(OperatorError, match="stoa up"):
        read_roles(home)


def test_a_file_of_another_form_is_named(home: Home) -> None:
    (home.run / "roles.json").write_text('{"supervisor": "x"}')
    with pytest.raises(OperatorError, match=r"roles\.json"):
        read_roles(home)


def test_further_gateway_workers_stand_beside_the_first(home: Home) -> None:
    second = RoleEntry(url="http://127.0.0.1:7")
    write_roles(home, msgspec.structs.replace(ROLES, gateways={"gateway-2": second}, entry="https://127.0.0.1:8420"))
    found = read_roles(home)
    assert list(found.each) == ["gateway", "gateway-2", "control", "worker", "engine"]
    started = RoleEntry(url=second.url, pid=5)
    assert found.with_role("gateway-2", started).each["gateway-2"] == started
    assert found.with_role("gateway", started).gateway == started
    assert (found.entry_url, ROLES.entry_url) == ("https://127.0.0.1:8420", ROLES.gateway.url)
