"""Files and batches: the gateway says who asks, control does the work."""

import time

import pytest
from tests.gateway.conftest import BEHALF_KEY, KEY

from stoa.adapters.providers.memory import Scripted
from stoa.domain.behalf import Behalf, mint, verify
from stoa.gateway.onward import goes_onward
from stoa.settings import GatewaySettings

PASSED_ON = (
    "/v1/files", "/v1/files/file-01ab_c", "/v1/files/file-1/content", "/v1/batches", "/v1/batches/batch_1",
    "/v1/batches/batch_1/cancel", "/v1/vector_stores", "/v1/vector_stores/hand.book-1", "/v1/vector_stores/vs_1/search",
    "/v1/vector_stores/vs_1/files", "/v1/vector_stores/vs_1/files/file-1/content",
    "/v1/vector_stores/vs_1/file_batches/b/files", "/v1/vector_stores/vs_1/file_batches/b/cancel",
)  # fmt: skip
NOT_PASSED_ON = (
    "/v1/files/", "/v1/files/a/b", "/v1/files/a/cancel", "/v1/batches/a/content", "/v1/files/..", "/v1/files/../../api/users",
    "/v1/files/%2e%2e", "/v1/files/a%2fcontent", "/v1/files2", "/v1//files", "/v1/files/a\n",
    "/v1/vector_stores/", "/v1/vector_stores/../x",
    "/v1/vector_stores/a/files/b/search", "/v1/vector_stores/a/search/b", "/v1/vector_stores/A", "/v1/files/" + "a" * 65,
)  # fmt: skip


@pytest.mark.parametrize("path", PASSED_ON)
def test_these_paths_go_to_control(path: str) -> None:
    assert goes_onward(path.encode())


@pytest.mark.parametrize("path", NOT_PASSED_ON)
def test_no_other_spelling_does(path: str) -> None:
    assert not goes_onward(path.encode())


def spoken_for(here) -> Behalf | None:
    """Whom control was told that it is."""
    token = here.upstreams.sent[-1].headers["authorization"].removeprefix("Bearer ")
    return verify(token, key=BEHALF_KEY, now_s=time.time())


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/files"), ("GET", "/v1/batches?limit=2"), ("DELETE", "/v1/files/file-1")]
)
async def test_control_is_told_the_key_and_never_sees_it(house, method: str, path: str) -> None:
    here = house(lambda sent: Scripted(200, [b"done"]))
    reply = await here.ask(path, b"body", method=method, cookie="stoa_session=s", x_csrf_token="c", content_length="4")
    sent = here.upstreams.sent[-1]
    assert (reply.status, reply.body, sent.url, sent.body) == (200, b"done", f"http://control{path}", b"body")
    assert spoken_for(here) == Behalf(key="app")
    assert KEY not in str(sent.headers)
    assert not {"cookie", "x-csrf-token"} & set(sent.headers)


async def test_control_is_told_the_user_of_a_token(house) -> None:
    here = house(lambda sent: Scripted(200, []))
    await here.ask("/v1/files", method="GET", key=mint(Behalf(user="u1"), key=BEHALF_KEY, now_s=time.time()))
    assert spoken_for(here) == Behalf(user="u1")


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("sk-stoa-" + "z" * 43, 401), ("sk-stoa-mgmt-" + "a" * 43, 403), ("stoa-behalf.x.y", 401)]
)
async def test_who_is_not_known_does_not_reach_control(house, key: str | None, status: int) -> None:
    here = house()
    reply = await here.ask("/v1/files", b"body", key=key)
    assert (reply.status, here.upstreams.sent) == (status, [])


async def test_a_service_keeps_no_files(house) -> None:
    here = house()
    reply = await here.ask("/v1/files", b"", key=mint(Behalf(team="company"), key=BEHALF_KEY, now_s=time.time()))
    assert (reply.status, here.upstreams.sent) == (403, [])


async def test_uploads_have_the_limit_of_uploads(house) -> None:
    here = house(settings=GatewaySettings(body_bytes=10, upload_bytes=5000))
    reply = here.begin("/v1/files", b"x" * 100, content_length="100")
    assert reply.intake is not None
    assert reply.intake.body_limit == 5000
