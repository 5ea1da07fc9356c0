"""A Stoa whose entry speaks https and is shared by two workers: reached by strangers and by its own roles."""

import json
import os
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.certificates import Authority
from tests.journeys.conftest import RunningStoa, start, wait_until

pytestmark = pytest.mark.slow

ROLES = ("gateway", "gateway-2", "control", "worker", "engine")
QUESTION = {"model": "stoa-reader", "messages": [{"role": "user", "content": "What can you do?"}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("entry")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def stoa(folder: Path, authority: Authority) -> Iterator[RunningStoa]:
    certificate, key = authority.issue("localhost")
    settings = {"STOA_GATEWAY__TLS_CERTIFICATE": str(certificate), "STOA_GATEWAY__TLS_KEY": str(key)}
    settings["STOA_GATEWAY__TRUSTED_PROXIES"] = "127.0.0.1"
    with start(folder, "--workers", "2", **settings) as running:
        yield running


def outside(stoa: RunningStoa, authority: Authority) -> httpx.Client:
    """A client as strangers are; each request on a connection of its own."""
    context = ssl.create_default_context(cafile=authority.file)
    return httpx.Client(base_url=stoa.url, verify=context, headers={"connection": "close"}, timeout=60)


def test_the_entry_is_https_and_plain_http_gets_nothing_from_it(stoa: RunningStoa, authority: Authority) -> None:
    assert stoa.url.startswith("https://")
    assert f"{stoa.url}/sign-in?token=" in stoa.printed()
    with outside(stoa, authority) as client:
        assert client.get("/readyz").json()["ready"] is True
        assert client.get("/v1/models").status_code == 401
        assert client.get("/api/users").status_code == 401  # from control
    with pytest.raises(httpx.TransportError):
        httpx.get(stoa.url.replace("https", "http") + "/readyz")


def test_status_tells_every_worker(stoa: RunningStoa) -> None:
    told = stoa.stoa("status", "--json")
    assert told.returncode == 0, told.stderr
    status = json.loads(told.stdout)
    assert status["url"] == stoa.url
    assert [role["role"] for role in status["roles"]] == list(ROLES)
    assert len({role["url"] for role in status["roles"]}) == len(ROLES)


def test_somebody_behind_a_named_proxy_is_not_taken_for_this_machine(stoa: RunningStoa, authority: Authority) -> None:
    told = {
        "203.0.113.9": 403,
        "127.0.0.1, 203.0.113.9": 403,
        "unknown": 403,
        "": 403,
    }
    with outside(stoa, authority) as client:
        assert client.get("/metrics").status_code == 200
        for addresses, status in told.items():
            assert client.get("/metrics", headers={"x-forwarded-for": addresses}).status_code == status, addresses
        assert client.get("/metrics", headers={"forwarded": "for=203.0.113.9"}).status_code == 403


def test_a_browser_keeps_its_session_for_https(stoa: RunningStoa, authority: Authority) -> None:
    token = stoa.sign_in_link().rpartition("token=")[2]
    with outside(stoa, authority) as client:
        answer = client.post("/api/sessions", json={"token": token})
    assert answer.status_code == 201
    assert "secure" in answer.headers["set-cookie"].lower()


def test_both_workers_answer_and_their_usage_is_counted_once(stoa: RunningStoa, authority: Authority) -> None:
    key = stoa.key("app")
    with outside(stoa, authority) as client:
        for _ in range(16):
            answer = client.post("/v1/chat/completions", json=QUESTION, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code == 200, answer.text
    urls = [stoa.roles()["gateway"]["url"], stoa.roles()["gateways"]["gateway-2"]["url"]]

    def shown(url: str) -> int:
        text = httpx.get(f"{url}/metrics", timeout=60).text
        return sum(int(line.rpartition(" ")[2]) for line in text.splitlines() if "stoa_requests_total{" in line)

    wait_until(lambda: [shown(url) for url in urls] == [16, 16], "each tells of both")
    posted = [msgspec.msgpack.decode(path.read_bytes()) for path in (stoa.home / "run" / "metrics").glob("*.msgpack")]
    counts = [sum(post["sheet"]["numbers"]["stoa_requests_total"].values()) for post in posted]
    assert len(counts) == 2
    assert all(counts), counts
    local = {"authorization": f"Bearer {(stoa.home / 'secrets' / 'cli.key').read_text().strip()}"}

    def counted() -> bool:
        return httpx.get(f"{urls[0]}/api/usage?group_by=key", headers=local, timeout=60).text.count('"requests":16') >= 1

    wait_until(counted, "all usage is with control")


def test_its_own_roles_reach_the_gateway(stoa: RunningStoa, folder: Path) -> None:
    """The worker has its embeddings made, the command line asks."""
    (folder / "documents").mkdir()
    (folder / "documents" / "bees.md").write_text("# Bees\n\nThe bees of the house live in the yellow hive behind the barn.\n")
    made = stoa.stoa("ingest", str(folder / "documents"), "--collection", "bees")
    assert made.returncode == 0, made.stderr
    asked = stoa.stoa("ask", "What can you do?", "--model", "stoa-reader")
    assert asked.returncode == 0, asked.stderr


def test_a_renewed_certificate_is_shown_without_a_restart(stoa: RunningStoa, authority: Authority) -> None:
    host, port = "127.0.0.1", int(stoa.url.rpartition(":")[2])
    before = ssl.get_server_certificate((host, port), ca_certs=str(authority.file))
    authority.issue("localhost")
    wait_until(
        lambda: all(ssl.get_server_certificate((host, port)) != before for _ in range(8)), "every worker shows the new one"
    )


def test_a_worker_that_is_killed_comes_back_on_its_socket(stoa: RunningStoa, authority: Authority) -> None:
    before = stoa.roles()["gateways"]["gateway-2"]
    os.kill(before["pid"], signal.SIGKILL)
    with outside(stoa, authority) as client:
        for _ in range(8):
            assert client.get("/healthz").status_code == 200  # some of these wait for it
    wait_until(lambda: stoa.roles()["gateways"]["gateway-2"]["restarts"] == 1, "it is started again")
    stoa.wait_until_ready()


def test_fewer_workers_ship_what_the_others_left(folder: Path, tmp_path: Path) -> None:
    with start(tmp_path, "--workers", "2") as running:
        assert (running.home / "wal-2").is_dir()
    assert (tmp_path / "home" / "wal-2").is_dir()
    with start(tmp_path) as running:
        wait_until(lambda: not (running.home / "wal-2").exists(), "the second worker's log is shipped")
        assert "gateways" in running.roles()
        assert running.roles()["gateways"] == {}
