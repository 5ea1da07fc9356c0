from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from sqlalchemy import text

from stoa.api import page
from stoa.api.control import create_app
from stoa.settings import GatewaySettings, Settings

if TYPE_CHECKING:
    from tests.api.conftest import Running


@pytest.fixture
async def narrow(control_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A control role that takes 1,000 bytes of JSON and 2,000 of anything else, and a key to call it with."""
    limits = GatewaySettings(body_bytes=1000, upload_bytes=2000)
    app = create_app(msgspec.structs.replace(control_settings, gateway=limits))
    async with app.router.lifespan_context(app):
        key = (control_settings.home_folder.secrets / "cli.key").read_text().strip()
        headers = {"authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://stoa.test", headers=headers) as client:
            yield client


async def test_a_body_that_tells_it_is_too_large_is_refused(narrow: httpx.AsyncClient) -> None:
    answer = await narrow.post("/api/groups", json={"name": "x" * 1000})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


async def test_a_body_that_does_not_tell_is_refused_once_it_is_too_large(narrow: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    answer = await narrow.post("/api/groups", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_an_upload_may_be_larger_than_json(narrow: httpx.AsyncClient) -> None:
    assert (await narrow.post("/api/groups", files={"f": b"x" * 1200})).status_code != 413
    assert (await narrow.post("/api/groups", files={"f": b"x" * 2200})).status_code == 413


@pytest.mark.parametrize("path", ["/healthz", "/api/users", "/api/nothing", "/", "/sign-in"])
async def test_every_answer_tells_browsers_to_be_careful(stoa: "Running", path: str) -> None:
    async with stoa.client() as browser:
        headers = (await browser.get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


async def test_answers_of_the_api_are_kept_in_no_cache(stoa: "Running") -> None:
    async with stoa.client() as browser:
        assert (await browser.get("/api/users")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/v1/models", "/internal/nothing"])
async def test_an_unknown_path_of_an_api_is_not_the_page(stoa: "Running", path: str) -> None:
    async with stoa.client() as visitor:
        answer = await visitor.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/users", "GET, POST"),
        ("GET", "/api/sessions", "POST"),
        ("OPTIONS", "/api/conversations/conv_1", "DELETE, GET, PATCH"),
        ("GET", "/api/resources/apply", "POST"),
    ],
)
async def test_a_wrong_method_is_told_all_that_the_path_takes(stoa: "Running", method: str, path: str, allowed: str) -> None:
    async with stoa.client() as visitor:
        answer = await visitor.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_a_flag_is_true_or_false_and_nothing_like_it(stoa: "Running") -> None:
    async with stoa.client(stoa.local_key) as client:
        answer = await client.post("/api/resources/apply", json={"resources": [], "dry_run": 0})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "dry_run")


@pytest.mark.parametrize(("body", "param"), [(b"{bad", "body"), (b"[]", "body"), (b'"x"', "body"), (b"", "body")])
async def test_a_malformed_body_is_an_error_in_openais_form(stoa: "Running", body: bytes, param: str) -> None:
    headers = {"authorization": f"Bearer {stoa.local_key}", "content-type": "application/json"}
    async with stoa.client() as visitor:
        answer = await visitor.post("/api/groups", content=body, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert set(error) == {"message", "type", "param", "code"}


async def test_a_fault_of_stoa_itself_hides_its_cause(stoa: "Running", caplog: pytest.LogCaptureFixture) -> None:
    async with stoa.parts.database.write() as connection:
        await connection.execute(text("DROP TABLE sessions"))
    async with stoa.client() as visitor:
        answer = await visitor.get("/api/session", headers={"cookie": "stoa_session=x", "x-request-id": "req-7"})
    assert answer.status_code == 500
    assert "req-7" in answer.json()["error"]["message"]
    assert "sqlite" not in answer.text.lower()
    assert any(record.exc_info for record in caplog.records)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the built page lies."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder


async def test_a_page_that_is_not_built_says_how_to_build_it(stoa: "Running", built: Path) -> None:
    async with stoa.client() as browser:
        answer = await browser.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text


async def test_the_page_answers_for_its_own_routes_and_for_files_that_are_there(stoa: "Running", built: Path) -> None:
    (built / "index.html").write_text("<title>Stoa</title>")
    (built / "assets" / "index-1a2b.js").write_text("1")
    (built.parent / "secret").write_text("geheim")
    async with stoa.client() as browser:
        for path in ("/", "/sign-in?token=x", "/chat/conv_1"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.text) == (200, "<title>Stoa</title>")
            assert answer.headers["cache-control"] == "no-cache"
        asset = await browser.get("/assets/index-1a2b.js")
        assert (asset.text, "immutable" in asset.headers["cache-control"]) == ("1", True)
        assert (await browser.get("/assets/index-old.js")).status_code == 404
        for path in ("/%2e%2e/secret", "/..%2fsecret", "/assets/%2e%2e/%2e%2e/secret"):
            assert "geheim" not in (await browser.get(path)).text
