import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from sqlalchemy import update

from stoa.adapters.database.tables import sessions
from stoa.api.access import SESSION_COOKIE
from stoa.api.attempts import LIMIT, Attempts
from stoa.api.control import create_app
from stoa.control.sign_in import make_link
from stoa.errors import LimitReached
from stoa.settings import Settings
from stoa.wiring import now_ms

if TYPE_CHECKING:
    from tests.api.conftest import Running


async def link(stoa: "Running", user: str = "admin") -> str:
    made = await stoa.administer("POST", "/api/sign-in-links", {"user": user})
    return made["url"].partition("token=")[2]


async def test_a_link_signs_in_once(stoa: "Running") -> None:
    token = await link(stoa)
    async with stoa.client() as browser:
        first = await browser.post("/api/sessions", json={"token": token})
        assert first.status_code == 201
        assert first.json()["user"]["name"] == "admin"
        again = await browser.post("/api/sessions", json={"token": token})
        assert again.status_code == 401
        assert again.json()["error"]["code"] == "sign_in_link"


async def test_a_link_signs_in_one_of_many_at_once(stoa: "Running") -> None:
    token = await link(stoa)
    async with stoa.client() as browser:
        answers = await asyncio.gather(*(browser.post("/api/sessions", json={"token": token}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[401] * 7]


async def test_an_expired_link_is_refused(stoa: "Running") -> None:
    async with stoa.parts.write() as stores:
        token, _ = await make_link(stores, "admin", lifetime=timedelta(0), now_ms=now_ms())
    async with stoa.client() as browser:
        assert (await browser.post("/api/sessions", json={"token": token})).status_code == 401


async def test_the_link_is_for_the_page_at_the_public_url(stoa: "Running") -> None:
    made = await stoa.administer("POST", "/api/sign-in-links", {"user": "admin"})
    assert made["url"].startswith("http://127.0.0.1:8420/sign-in?token=")


async def test_a_link_for_nobody_is_refused_with_a_hint(stoa: "Running") -> None:
    async with stoa.client(stoa.local_key) as administrator:
        answer = await administrator.post("/api/sign-in-links", json={"user": "admim"})
    assert answer.status_code == 404
    assert "Did you mean 'admin'?" in answer.json()["error"]["message"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stoa: "Running") -> None:
    async with stoa.client() as browser:
        answer = await browser.post("/api/sessions", json={"token": await link(stoa)})
    cookie = SimpleCookie(answer.headers["set-cookie"])[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "strict", "/", "")


async def test_the_cookie_is_for_https_alone_where_the_entry_is(stoa: "Running", control_settings: Settings) -> None:
    app = create_app(msgspec.structs.replace(control_settings, public_url="https://stoa.example"))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://stoa.example") as browser:
            answer = await browser.post("/api/sessions", json={"token": await link(stoa)})
    assert SimpleCookie(answer.headers["set-cookie"])[SESSION_COOKIE]["secure"] is True


async def test_signing_in_again_ends_the_session_before_and_never_reuses_its_token(stoa: "Running") -> None:
    async with await stoa.signed_in("admin") as browser:
        before = browser.cookies[SESSION_COOKIE]
        assert (await browser.post("/api/sessions", json={"token": await link(stoa)})).status_code == 201
        assert browser.cookies[SESSION_COOKIE] != before
    async with stoa.client() as thief:
        thief.cookies[SESSION_COOKIE] = before
        assert (await thief.get("/api/session")).status_code == 401


async def test_a_session_token_that_somebody_planted_is_not_taken_over(stoa: "Running") -> None:
    async with stoa.client() as browser:
        browser.cookies.set(SESSION_COOKIE, "planted", domain="stoa.test")
        answer = await browser.post("/api/sessions", json={"token": await link(stoa)})
        assert answer.status_code == 201
        assert "planted" not in answer.headers["set-cookie"]
    async with stoa.client() as thief:
        thief.cookies[SESSION_COOKIE] = "planted"
        assert (await thief.get("/api/session")).status_code == 401


async def test_a_session_is_over_when_its_time_is_up(stoa: "Running") -> None:
    async with await stoa.signed_in("admin") as browser:
        assert (await browser.get("/api/session")).status_code == 200
        async with stoa.parts.database.write() as connection:
            await connection.execute(update(sessions).values(expires_at=now_ms()))
        assert (await browser.get("/api/session")).status_code == 401


async def test_signing_out_ends_the_session(stoa: "Running") -> None:
    async with await stoa.signed_in("admin") as browser:
        session = browser.cookies[SESSION_COOKIE]
        assert (await browser.delete("/api/session")).status_code == 204
        assert SESSION_COOKIE not in browser.cookies
    async with stoa.client() as thief:
        thief.cookies[SESSION_COOKIE] = session
        assert (await thief.get("/api/session")).status_code == 401


async def test_disabling_a_user_ends_their_sessions_and_stops_new_ones(stoa: "Running") -> None:
    async with await stoa.add_user("ann", "member") as ann:
        token = await link(stoa, "ann")
        await stoa.administer("PATCH", "/api/users/ann", {"disabled": True})
        assert (await ann.get("/api/session")).status_code == 401
        assert (await ann.post("/api/sessions", json={"token": token})).status_code == 401


@pytest.mark.parametrize("header", [None, "", "0" * 64, "é"])
async def test_a_change_by_cookie_needs_the_csrf_header(stoa: "Running", header: str | None) -> None:
    async with await stoa.signed_in("admin") as browser:
        del browser.headers["x-csrf-token"]
        sent = [] if header is None else [(b"x-csrf-token", header.encode())]
        answer = await browser.post("/api/groups", json={"name": "hr"}, headers=httpx.Headers(sent))
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "csrf_token"
        assert (await browser.get("/api/groups")).json()["data"] == []


async def test_the_csrf_token_of_another_session_is_refused(stoa: "Running") -> None:
    async with await stoa.signed_in("admin") as one, await stoa.signed_in("admin") as other:
        one.headers["x-csrf-token"] = other.headers["x-csrf-token"]
        assert (await one.post("/api/groups", json={"name": "hr"})).status_code == 403


async def test_a_management_key_needs_no_csrf_header(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/groups", {"name": "hr"})


async def test_failing_to_sign_in_too_often_means_waiting_but_a_good_link_still_works(stoa: "Running") -> None:
    async with stoa.client() as browser:
        codes = [(await browser.post("/api/sessions", json={"token": "wrong"})).status_code for _ in range(LIMIT + 1)]
        assert codes == [401] * LIMIT + [429]
        assert (await browser.post("/api/sessions", json={"token": await link(stoa)})).status_code == 201


def test_failures_are_forgotten_after_a_minute_and_counted_by_client() -> None:
    attempts = Attempts()
    for _ in range(LIMIT):
        attempts.failed("a", now_ms=0)
    attempts.failed("b", now_ms=0)
    with pytest.raises(LimitReached) as refused:
        attempts.failed("a", now_ms=59_000)
    assert refused.value.retry_after_s == 1
    attempts.failed("a", now_ms=60_000)


@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [("member", False, False), ("developer", False, False), ("operator", True, True), ("auditor", True, False)],
)
async def test_a_session_says_which_screens_are_for_its_user(stoa: "Running", role: str, sees: bool, changes: bool) -> None:
    browser = await stoa.add_user("somebody", role)
    assert (await browser.get("/api/session")).json()["rights"] == {
        "see_models": sees, "change_routes": changes, "change_guardrails": changes, "change_sources": changes,
        "change_providers": changes,
        "run_replays": changes, "see_budgets": sees, "change_assistants": changes or role == "developer",
        "see_datasets": role in ("developer", "auditor"), "fill_datasets": role == "developer",
    }  # fmt: skip
