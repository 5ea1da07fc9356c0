"""`stoa key`."""

from collections.abc import Callable

from tests.cli.conftest import ScriptedApi, listed, refused
from typer.testing import Result


def key(**fields: object) -> dict[str, object]:
    return {
        "id": "key_1", "name": "my-app", "kind": "inference", "hint": "sk-stoa-…abcd", "team": "company", "role": None,
        "groups": [], "requests_per_minute": None, "created_at": "2030-01-02T03:04:05.000Z", "expires_at": None,
        "revoked_at": None, "tokens_per_minute": None, "parallel": None, "budget_nano_usd": None, "budget_period": None,
        "project": None,
    } | fields  # fmt: skip


def test_a_new_key_stands_alone_on_stdout(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/keys"] = key(key="sk-stoa-secret")
    api.answers["GET", "/v1/models"] = listed()
    result = stoa("key", "create", "my-app")
    assert result.stdout == "sk-stoa-secret\n"
    assert "shown only now" in result.stderr
    assert "sk-stoa-secret" not in result.stderr
    assert api.sent("POST", "/api/keys") == [{"name": "my-app", "kind": "inference"}]


def test_what_a_key_may_do_is_sent_as_the_api_wants_it(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/keys"] = key(key="k")
    api.answers["GET", "/v1/models"] = listed()
    options = ["--team", "lab", "--groups", "hr, finance", "--requests-per-minute", "none", "--expires", "2031-12-31T00:00Z"]
    result = stoa("key", "create", "my-app", *options)
    assert result.exit_code == 0, result.stderr
    (sent,) = api.sent("POST", "/api/keys")
    assert sent["groups"] == ["hr", "finance"]
    assert (sent["team"], sent["requests_per_minute"], sent["expires_at"]) == ("lab", 0, "2031-12-31T00:00:00+00:00")


def test_limits_and_budget_of_a_key_are_sent_as_they_are_said(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/keys"] = key(key="k")
    api.answers["GET", "/v1/models"] = listed()
    options = ["--tokens-per-minute", "5000", "--parallel", "2", "--project", "apollo"]
    options += ["--budget", "5", "--per", "day", "--time-zone", "Europe/Berlin"]
    assert stoa("key", "create", "my-app", *options).exit_code == 0
    assert api.sent("POST", "/api/keys") == [
        {
            "name": "my-app", "kind": "inference", "tokens_per_minute": 5000, "parallel": 2, "budget_usd": "5", "per": "day",
            "time_zone": "Europe/Berlin", "project": "apollo",
        }
    ]  # fmt: skip


def test_a_new_key_can_be_used_as_soon_as_the_command_ends(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/keys"] = key(key="sk-stoa-secret")
    api.answers["GET", "/v1/models"] = [refused(401, "not known yet"), refused(401, "not known yet"), listed()]
    assert stoa("key", "create", "my-app").exit_code == 0
    asked = [request.headers["authorization"] for request in api.requests if request.url.path == "/v1/models"]
    assert asked == ["Bearer sk-stoa-secret"] * 3


def test_a_gateway_that_is_away_does_not_hide_the_new_key(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/keys"] = key(key="sk-stoa-secret")
    api.answers["GET", "/v1/models"] = refused(503, "The gateway has no snapshot yet.")
    result = stoa("key", "create", "my-app")
    assert (result.exit_code, result.stdout) == (0, "sk-stoa-secret\n")
    assert "Warning: The gateway does not know it yet" in result.stderr


def test_a_limit_that_is_no_number_is_a_usage_error_before_anything_is_sent(
    stoa: Callable[..., Result], api: ScriptedApi
) -> None:
    result = stoa("key", "create", "my-app", "--requests-per-minute", "many")
    assert result.exit_code == 2
    assert "'many' is neither a number" in result.stderr
    assert api.requests == []


def test_a_list_in_a_pipe_is_plain_columns(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/keys"] = listed(key(), key(name="old", revoked_at="2030-02-02T00:00:00.000Z", groups=["hr"]))
    first, second, third = stoa("key", "list").stdout.splitlines()
    assert first.split() == [
        "NAME",
        "KIND",
        "KEY",
        "TEAM",
        "GROUPS",
        "PER",
        "MIN",
        "TOKENS/MIN",
        "PARALLEL",
        "BUDGET",
        "PROJECT",
        "EXPIRES",
        "STATE",
    ]
    assert second.split()[0] == "my-app"
    assert second.split()[-1] == "valid"
    assert third.split()[-1] == "revoked"


def test_a_list_for_scripts_is_the_apis_own_json(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    import json

    api.answers["GET", "/api/keys"] = [{"data": [key()], "next_cursor": "next"}, listed(key(name="other"))]
    assert [found["name"] for found in json.loads(stoa("key", "list", "--json").stdout)] == ["my-app", "other"]
    assert api.requests[1].url.params["cursor"] == "next"


def test_revoking_asks_for_the_key_by_name(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["DELETE", "/api/keys/my app"] = key()
    result = stoa("key", "revoke", "my app")
    assert (result.exit_code, result.stdout) == (0, "")
