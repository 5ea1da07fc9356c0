"""Where the gateway may call: by name and by the address that the name has."""

import asyncio
from typing import Any

import pytest

from stoa.adapters.providers.egress import Egress
from stoa.adapters.providers.http import HttpUpstreams
from stoa.domain.upstream import OriginLimits

LIMITS = OriginLimits(connect_timeout_s=1, first_byte_timeout_s=1, idle_timeout_s=1)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("entries", "host", "found", "allowed"),
    [
        ((), "api.openai.com", "104.18.6.192", True),
        ((), "localhost", "127.0.0.1", True),
        ((), "vllm", "10.1.2.3", True),
        ((), "169.254.169.254", "169.254.169.254", False),
        ((), "metadata.google.internal", "169.254.169.254", False),
        ((), "rebound.test", "::ffff:169.254.169.254", False),
        ((), "rebound.test", "64:ff9b::a9fe:a9fe", False),
        ((), "rebound.test", "fe80::1%eth0", False),
        ((), "rebound.test", "fd00:ec2::254", False),
        ((), "rebound.test", "fd00:ec2::253", True),
        (("api.openai.com",), "api.openai.com", "104.18.6.192", True),
        (("api.openai.com",), "api.openai.com", "169.254.169.254", False),
        (("api.openai.com",), "api.mistral.ai", "104.18.6.192", False),
        (("*.openai.com",), "api.openai.com", "10.0.0.1", True),
        (("10.0.0.0/8",), "vllm.internal", "10.1.2.3", True),
        (("10.0.0.0/8",), "vllm.internal", "11.1.2.3", False),
        (("10.0.0.0/8",), "10.1.2.3", "10.1.2.3", True),
        (("10.0.0.0/8",), "127.0.0.1", "127.0.0.1", False),
        (("0.0.0.0/0", "::/0"), "169.254.169.254", "169.254.169.254", False),
        (("169.254.10.0/24",), "169.254.10.9", "169.254.10.9", True),
        (("169.254.10.0/24",), "169.254.169.254", "169.254.169.254", False),
        (("fe80::/10",), "fe80::1", "fe80::1%eth0", True),
    ],
)
def test_an_address_is_allowed(entries: tuple[str, ...], host: str, found: str, allowed: bool) -> None:
    egress = Egress(entries)
    refused = egress.refuses_host(host) or egress.refuses_address(host, 443, found)
    assert (refused is None) is allowed, refused


def test_a_name_that_no_entry_could_allow_is_not_even_looked_up() -> None:
    assert Egress(("api.openai.com",)).refuses_host("elsewhere.test") == "gateway.egress_allow does not name 'elsewhere.test'"
    assert Egress(("api.openai.com", "10.0.0.0/8")).refuses_host("elsewhere.test") is None


def test_no_list_keeps_the_gateway_from_stoas_own_roles() -> None:
    egress = Egress(("api.openai.com",), own=["http://127.0.0.1:4711"])
    assert egress.refuses_address("127.0.0.1", 4711, "127.0.0.1") is None
    assert egress.refuses_address("127.0.0.1", 4712, "127.0.0.1") is not None


async def _asked(egress: Egress, url: str, recorder: Any) -> Any:
    upstreams = HttpUpstreams(egress)
    heard = recorder()
    upstreams.origin(url, LIMITS).endpoint("/", {}).post(b"x", heard)
    await heard.wait()
    upstreams.close()
    return heard


async def test_a_refused_target_is_a_failure_to_connect_that_says_why(listen, recorder, read_request) -> None:
    called = 0

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal called
        called += 1
        await read_request(reader)
        writer.write(OK)

    url = await listen(behave)
    heard = await _asked(Egress(("api.openai.com",)), url, recorder)
    assert heard.failure == ("connect", "Stoa may not call it: gateway.egress_allow does not name 127.0.0.1")
    heard = await _asked(Egress(), "http://169.254.169.254/latest/meta-data", recorder)
    assert heard.failure.message == (
        "Stoa may not call it: 169.254.169.254 is a link-local address, which gateway.egress_allow must name"
    )
    assert called == 0
    assert (await _asked(Egress(("127.0.0.0/8",)), url, recorder)).body == b"ok"
    assert called == 1


async def test_the_address_that_was_judged_is_the_one_that_is_called(listen, recorder, read_request) -> None:
    """A name that has another address at each look, as rebinding does it, is looked up once for a connection."""
    looked: list[str] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        looked.append(head.partition(b"host: ")[2].partition(b"\r\n")[0].decode())
        writer.write(OK)

    port = (await listen(behave)).rpartition(":")[2]
    judged: list[tuple[str, str]] = []

    class Noting(Egress):
        def refuses_address(self, host: str, port: int, found: str) -> str | None:
            judged.append((host, found))
            return super().refuses_address(host, port, found)

    heard = await _asked(Noting(("127.0.0.0/8", "::1")), f"http://localhost:{port}", recorder)
    assert heard.body == b"ok"
    assert looked == [f"localhost:{port}"]
    assert set(judged) <= {("localhost", "127.0.0.1"), ("localhost", "::1")}
    assert len(judged) == len(set(judged))


async def test_a_redirect_is_an_answer_and_nothing_else(upstreams, listen, recorder, read_request) -> None:
    asked: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await read_request(reader))[0])
        writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n")

    heard = recorder()
    upstreams.origin(await listen(behave), LIMITS).endpoint("/", {}).post(b"x", heard)
    await heard.wait()
    assert (heard.status, heard.failure, len(asked)) == (307, None, 1)
