"""`stoa user`, `team`, `group`, `login`."""

from collections.abc import Callable

from tests.cli.conftest import ScriptedApi, listed
from typer.testing import Result

ADA = {
    "id": "user_1", "name": "ada", "display_name": "Ada", "team": "company", "groups": ["hr"], "roles": ["member"],
    "created_at": "2030-01-02T03:04:05.000Z", "disabled_at": None,
}  # fmt: skip


def test_a_user_is_a_member_of_team_company_unless_said_otherwise(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/users"] = ADA
    assert stoa("user", "create", "ada", "--groups", "hr").exit_code == 0
    assert api.sent("POST", "/api/users") == [
        {"name": "ada", "display_name": "ada", "team": "company", "groups": ["hr"], "roles": ["member"]}
    ]


def test_only_what_is_named_changes(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["PATCH", "/api/users/ada"] = ADA
    assert stoa("user", "set", "ada", "--groups", "", "--disable").exit_code == 0
    assert api.sent("PATCH", "/api/users/ada") == [{"groups": [], "disabled": True}]
    assert stoa("user", "set", "ada").exit_code == 2


def test_users_are_listed_with_their_rights(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/users"] = listed(ADA)
    assert stoa("user", "list").stdout.splitlines()[1].split() == ["ada", "Ada", "company", "hr", "member", "no"]


def test_a_budget_is_dollars_or_none(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/teams"] = {"name": "lab"}
    api.answers["PATCH", "/api/teams/lab"] = {"name": "lab"}
    stoa("team", "create", "lab", "--budget", "12.50")
    stoa("team", "set", "lab", "--budget", "none")
    assert api.sent("POST", "/api/teams") == [{"name": "lab", "monthly_budget_usd": "12.50"}]
    assert api.sent("PATCH", "/api/teams/lab") == [{"monthly_budget_usd": None}]
    assert stoa("team", "set", "lab", "--budget", "a lot").exit_code == 2


def test_teams_are_listed_in_dollars(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/teams"] = listed(
        {"name": "lab", "monthly_budget_nano_usd": 12_500_000_000, "content_days": 7},
        {"name": "company", "monthly_budget_nano_usd": None, "content_days": None},
    )
    assert [line.split() for line in stoa("team", "list").stdout.splitlines()[1:]] == [
        ["lab", "$12.50", "7", "days"],
        ["company", "none", "no"],
    ]


def test_of_a_team_only_what_is_named_is_changed(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["PATCH", "/api/teams/lab"] = {"monthly_budget_nano_usd": None, "content_days": 7}
    assert "content kept 7 days" in stoa("team", "set", "lab", "--content-days", "7").stderr
    stoa("team", "set", "lab", "--content-days", "none", "--budget", "3")
    assert api.sent("PATCH", "/api/teams/lab") == [{"content_days": 7}, {"monthly_budget_usd": "3", "content_days": None}]
    assert stoa("team", "set", "lab", "--content-days", "0").exit_code == 2
    assert stoa("team", "set", "lab").exit_code == 2


def test_an_empty_list_says_how_to_begin(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/groups"] = listed()
    result = stoa("group", "list")
    assert result.stdout == ""
    assert "stoa group create NAME" in result.stderr


def test_a_sign_in_link_stands_alone_on_stdout(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/sign-in-links"] = {"url": "http://x/sign-in?token=t", "expires_at": "2030-01-02T03:04:05.000Z"}
    result = stoa("login", "ada")
    assert result.stdout == "http://x/sign-in?token=t\n"
    assert api.sent("POST", "/api/sign-in-links") == [{"user": "ada"}]


def test_a_group_holds_those_that_are_named(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/groups"] = {"name": "staff", "groups": ["hr", "it"]}
    api.answers["PATCH", "/api/groups/staff"] = {"name": "staff", "groups": []}
    assert stoa("group", "create", "staff", "--holds", "hr,it").exit_code == 0
    assert "holds no other group" in stoa("group", "set", "staff", "--holds", "").stderr
    assert api.sent("POST", "/api/groups") == [{"name": "staff", "groups": ["hr", "it"]}]
    assert api.sent("PATCH", "/api/groups/staff") == [{"groups": []}]
