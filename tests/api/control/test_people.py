from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Running


async def test_the_first_start_makes_a_team_and_an_administrator_who_may_chat(stoa: "Running") -> None:
    users = await stoa.administer("GET", "/api/users")
    assert [(u["name"], u["team"], u["groups"], u["roles"]) for u in users["data"]] == [
        ("admin", "company", [], ["administrator", "member"])
    ]
    teams = await stoa.administer("GET", "/api/teams")
    assert [team["name"] for team in teams["data"]] == ["company"]


async def test_the_local_key_is_readable_by_its_owner_alone(stoa: "Running") -> None:
    file = stoa.parts.settings.home_folder.secrets / "cli.key"
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_user_is_added_changed_and_disabled(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/groups", {"name": "hr"})
    await stoa.administer("POST", "/api/teams", {"name": "red"})
    made = await stoa.administer("POST", "/api/users", {"name": "ann", "display_name": "Ann", "groups": ["hr"]})
    assert (made["team"], made["groups"], made["roles"], made["disabled_at"]) == ("company", ["hr"], ["member"], None)
    changed = await stoa.administer("PATCH", "/api/users/ann", {"team": "red", "roles": ["developer", "auditor"]})
    assert (changed["team"], changed["groups"], changed["roles"]) == ("red", ["hr"], ["auditor", "developer"])
    assert (await stoa.administer("PATCH", "/api/users/ann", {"disabled": True}))["disabled_at"] is not None
    assert (await stoa.administer("PATCH", "/api/users/ann", {"disabled": False}))["disabled_at"] is None


async def test_a_change_of_rights_holds_from_the_next_request_on(stoa: "Running") -> None:
    ann = await stoa.add_user("ann", "member")
    assert (await ann.get("/api/users")).status_code == 403
    await stoa.administer("PATCH", "/api/users/ann", {"roles": ["auditor"]})
    assert (await ann.get("/api/users")).status_code == 200
    assert (await ann.get("/api/conversations")).status_code == 403


@pytest.mark.parametrize("change", [{"disabled": True}, {"roles": ["member"]}])
async def test_the_last_administrator_stays(stoa: "Running", change: dict[str, object]) -> None:
    async with stoa.client(stoa.local_key) as administrator:
        answer = await administrator.patch("/api/users/admin", json=change)
        assert answer.status_code == 409
        assert "last administrator" in answer.json()["error"]["message"]
        await stoa.add_user("bob", "administrator")
        assert (await administrator.patch("/api/users/admin", json=change)).status_code == 200


MISTAKES: list[tuple[str, dict[str, object], int, str]] = [
    ("/api/users", {"name": "admin"}, 409, "name"),
    ("/api/users", {"name": "ann", "team": "compani"}, 400, "team"),
    ("/api/users", {"name": "ann", "roles": ["membr"]}, 400, "roles"),
    ("/api/users", {"name": "ann", "groups": "hr"}, 400, "groups"),
    ("/api/users", {"name": "../etc"}, 400, "name"),
    ("/api/teams", {"name": "company"}, 409, "name"),
    ("/api/teams", {"name": "red", "monthly_budget_usd": "lots"}, 400, "monthly_budget_usd"),
    ("/api/teams", {"name": "red", "monthly_budget_usd": "-1"}, 400, "monthly_budget_usd"),
    ("/api/teams", {"name": "red", "monthly_budget_usd": "Infinity"}, 400, "monthly_budget_usd"),
    ("/api/teams", {"name": "red", "monthly_budget_usd": "NaN"}, 400, "monthly_budget_usd"),
    ("/api/teams", {"name": "red", "monthly_budget_usd": "1e30"}, 400, "monthly_budget_usd"),
    ("/api/groups", {"name": ""}, 400, "name"),
]


async def test_a_wrong_field_is_named(stoa: "Running", subtests: pytest.Subtests) -> None:
    async with stoa.client(stoa.local_key) as administrator:
        for path, body, status, param in MISTAKES:
            with subtests.test(f"{path} {body}"):
                answer = await administrator.post(path, json=body)
                assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


async def test_a_budget_is_dollars_in_and_nano_dollars_out_and_null_is_none(stoa: "Running") -> None:
    made = await stoa.administer("POST", "/api/teams", {"name": "red", "monthly_budget_usd": "12.50"})
    assert made["monthly_budget_nano_usd"] == 12_500_000_000
    snapshot = await stoa.parts.feed.refresh()
    assert snapshot.teams["red"].monthly_budget == 12_500_000_000
    changed = await stoa.administer("PATCH", "/api/teams/red", {"monthly_budget_usd": None})
    assert changed["monthly_budget_nano_usd"] is None


async def test_nobody_unknown_is_changed(stoa: "Running") -> None:
    async with stoa.client(stoa.local_key) as administrator:
        for path, body in (("/api/users/admn", {"disabled": True}), ("/api/teams/compny", {"monthly_budget_usd": None})):
            answer = await administrator.patch(path, json=body)
            assert answer.status_code == 404
            assert "Did you mean" in answer.json()["error"]["message"]
