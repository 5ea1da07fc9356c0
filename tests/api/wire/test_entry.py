"""Entries that begin with a PROXY header, a TLS handshake, or both."""

import asyncio
import contextlib
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.api.wire.conftest import Client
from tests.certificates import Authority

from stoa.api.wire.certificate import server_contexts
from stoa.api.wire.entry import Entry
from stoa.api.wire.limits import Limits
from stoa.api.wire.peers import Proxies
from stoa.api.wire.server import Server
from stoa.domain.exchange import Exchange
from stoa.kit.tls import Contexts

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
PROXY = b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n"
PROXY_2 = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes([203, 0, 113, 9, 10, 0, 0, 1]) + b"\x30\x39\x01\xbb"


class Tell:
    """Answers with who asked, and how, before it takes a body."""

    def accept(self, exchange: Exchange) -> Any:
        exchange.send(200, b"", f"{exchange.scheme} {exchange.peer}".encode())


class Opened:
    def __init__(self, server: Server, entry: Entry, port: int) -> None:
        self.server, self.entry, self.port = server, entry, port
        self.clients: list[Client] = []

    async def connect(self, tls: ssl.SSLContext | None = None, *, before: bytes = b"") -> Client:
        """A client; `before` is sent ahead of the TLS handshake."""
        loop = asyncio.get_running_loop()
        connection = socket.socket()
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", self.port))
        if before:
            await loop.sock_sendall(connection, before)
        name = "localhost" if tls else None
        self.clients.append(Client(*await asyncio.open_connection(sock=connection, ssl=tls, server_hostname=name)))
        return self.clients[-1]

    async def close(self) -> None:
        if not self.server.draining:
            await self.server.drain()
        for client in self.clients:
            client.writer.transport.abort()
        await asyncio.sleep(0.01)

    async def empty(self) -> None:
        """Until nothing of any connection is left; fails by the test's patience."""
        async with asyncio.timeout(10):
            while self.server.connections or self.entry.beginning:  # noqa: ASYNC110 - looks from outside
                await asyncio.sleep(0.01)


Open = Callable[..., Any]


@pytest.fixture
async def open_entry() -> AsyncIterator[Open]:
    async with contextlib.AsyncExitStack() as stack:

        async def begin(
            *, tls: Contexts | None = None, announcing: tuple[str, ...] = (), trusted: tuple[str, ...] = (), **limits: Any
        ) -> Opened:
            listening = socket.create_server(("127.0.0.1", 0))
            entry = Entry(listening, tls=tls, announcing=Proxies(announcing) if announcing else None, begin_s=0.5)
            server = Server(Tell(), Limits(**{"drain_s": 0.1, **limits}), proxies=Proxies(trusted) if trusted else None)
            await server.listen([], [entry])
            opened = Opened(server, entry, listening.getsockname()[1])
            stack.push_async_callback(opened.close)
            return opened

        yield begin


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def contexts(authority: Authority, *, client_ca: bool = False) -> Contexts:
    """Looked at anew for each connection: the clock jumps."""
    certificate, key = authority.issue("localhost")
    ticks = itertools.count(step=10)
    return server_contexts(
        str(certificate), str(key), str(authority.file) if client_ca else None, clock=lambda: float(next(ticks))
    )


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.file)


async def test_an_entry_with_a_certificate_speaks_https(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority))
    client_context = trusting(authority)
    client_context.set_alpn_protocols(["h2", "http/1.1"])
    client = await opened.connect(client_context)
    assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
    for _ in range(2):
        assert (await client.exchange(GET))[2] == b"https 127.0.0.1"
    client.writer.close()
    await opened.empty()


async def test_tls_below_1_2_is_refused(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        await opened.connect(old)
    await opened.empty()


async def test_a_client_without_a_certificate_is_refused_where_one_is_asked_for(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority, client_ca=True))
    with pytest.raises((OSError, asyncio.IncompleteReadError)):
        await (await opened.connect(trusting(authority))).exchange(GET)
    stranger = trusting(authority)
    stranger.load_cert_chain(*Authority(authority.file.parent, "stranger").issue("app", file="stranger-app"))
    with pytest.raises((OSError, asyncio.IncompleteReadError)):
        await (await opened.connect(stranger)).exchange(GET)
    known = trusting(authority)
    known.load_cert_chain(*authority.issue("app"))
    client = await opened.connect(known)
    assert (await client.exchange(GET))[0] == 200
    client.writer.close()
    await opened.empty()


async def test_a_new_certificate_is_shown_without_a_restart_and_open_connections_stay(
    open_entry: Open, authority: Authority, tmp_path: Path
) -> None:
    opened = await open_entry(tls=contexts(authority))
    before = await opened.connect(trusting(authority))
    shown = before.writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    authority.issue("localhost")
    after = await opened.connect(trusting(authority))
    assert after.writer.get_extra_info("ssl_object").getpeercert()["serialNumber"] != shown
    assert (await before.exchange(GET))[0] == 200
    (tmp_path / "localhost.crt").write_text("half a certifi")
    still = await opened.connect(trusting(authority))
    assert (await still.exchange(GET))[0] == 200
    for client in (before, after, still):
        client.writer.close()


@pytest.mark.parametrize("header", [PROXY, PROXY_2])
async def test_a_named_proxy_tells_the_client(open_entry: Open, header: bytes) -> None:
    opened = await open_entry(announcing=("127.0.0.0/8",))
    client = await opened.connect()
    assert (await client.exchange(header + GET))[2] == b"http 203.0.113.9"
    assert (await client.exchange(GET))[2] == b"http 203.0.113.9"
    client.writer.close()
    pieces = await opened.connect()
    assert (await pieces.exchange(header[:5], header[5:20], header[20:] + GET[:10], GET[10:]))[2] == b"http 203.0.113.9"
    pieces.writer.close()
    await opened.empty()


@pytest.mark.parametrize("header", [PROXY, PROXY_2])
async def test_the_proxys_header_comes_before_the_handshake(open_entry: Open, authority: Authority, header: bytes) -> None:
    opened = await open_entry(tls=contexts(authority), announcing=("127.0.0.1",))
    client = await opened.connect(trusting(authority), before=header)
    assert (await client.exchange(GET))[2] == b"https 203.0.113.9"
    client.writer.close()
    await opened.empty()


async def test_nobody_else_can_tell_who_they_are(open_entry: Open) -> None:
    opened = await open_entry(announcing=("10.0.0.0/8",))
    client = await opened.connect()
    assert (await client.exchange(PROXY + GET))[0] == 400
    assert (await (await opened.connect()).exchange(GET))[2] == b"http 127.0.0.1"


async def test_a_named_proxy_that_tells_nothing_is_hung_up_on(open_entry: Open) -> None:
    opened = await open_entry(announcing=("127.0.0.1",))
    for sent in (GET, b"\r\n\r\n\x00\r\nQUIX\n", b"PROXY nonsense\r\n" + GET):
        client = await opened.connect()
        await client.send(sent)
        assert await client.ended()
    await opened.empty()


async def test_a_connection_that_does_not_begin_is_given_up(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority), announcing=("127.0.0.1",))
    silent = await opened.connect()
    halfway = await opened.connect(before=PROXY[:12])
    told = await opened.connect(before=PROXY)
    garbled = await opened.connect(before=PROXY + b"\x16\x03\x01")
    plain = await opened.connect(before=PROXY + GET)
    for client in (silent, halfway, told, garbled, plain):
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(client.reader.read(), 10)
        client.writer.close()
    await opened.empty()


async def test_clients_that_leave_before_they_begin_leave_nothing(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority), announcing=("127.0.0.1",))
    for before in (b"", PROXY[:7], PROXY, PROXY + b"\x16\x03\x01\x00"):
        client = await opened.connect(before=before)
        client.writer.transport.abort()
    await opened.empty()
    assert (await (await opened.connect(trusting(authority), before=PROXY)).exchange(GET))[0] == 200


async def test_connections_that_have_not_begun_count_among_those_that_are_taken(open_entry: Open) -> None:
    opened = await open_entry(announcing=("127.0.0.1",), max_connections=2)
    waiting = [await opened.connect() for _ in range(2)]
    async with asyncio.timeout(5):
        while opened.entry.beginning < 2:  # noqa: ASYNC110 - looks from outside
            await asyncio.sleep(0.01)
    third = await opened.connect()
    assert await third.ended()
    assert len(waiting) == 2


async def test_a_proxy_elsewhere_cannot_claim_that_its_client_is_on_this_machine(open_entry: Open) -> None:
    """What only this machine may see, it decides by the client's address."""
    opened = await open_entry(trusted=("127.0.0.1", "203.0.113.9"), announcing=("127.0.0.1",))
    client = await opened.connect()
    lie = GET[:-2] + b"x-forwarded-for: 127.0.0.1\r\n\r\n"
    assert (await client.exchange(PROXY + lie))[2] == b"http 203.0.113.9"


async def test_forwarded_headers_of_strangers_are_ignored(open_entry: Open) -> None:
    asked = GET[:-2] + b"x-forwarded-for: 198.51.100.1\r\nx-forwarded-proto: https\r\n\r\n"
    assert (await (await (await open_entry()).connect()).exchange(asked))[2] == b"http 127.0.0.1"
    stranger = await (await open_entry(trusted=("10.0.0.0/8",))).connect()
    assert (await stranger.exchange(asked))[2] == b"http 127.0.0.1"
    named = await (await open_entry(trusted=("127.0.0.1",))).connect()
    assert (await named.exchange(asked))[2] == b"https 198.51.100.1"


async def test_an_entry_that_drains_gives_up_what_has_not_begun(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority))
    client = await opened.connect(trusting(authority))
    assert (await client.exchange(GET))[0] == 200
    silent = await opened.connect()
    await opened.server.drain()
    assert await silent.ended()
    assert opened.server.connections == opened.entry.beginning == 0


async def test_a_refusal_over_tls_is_read_whole_and_the_connection_ends(open_entry: Open, authority: Authority) -> None:
    opened = await open_entry(tls=contexts(authority))
    client = await opened.connect(trusting(authority))
    status, headers, _ = await client.exchange(b"GET / HTTP/1.1\r\n\r\n")
    assert (status, headers["connection"]) == (400, "close")
    client.writer.close()
    await opened.empty()
