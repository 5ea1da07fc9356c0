"""TLS to upstreams: private authorities, our own certificate, the name that is expected, files that change."""

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.certificates import Authority

from stoa.domain.upstream import OriginLimits, TlsOptions

LIMITS = OriginLimits(connect_timeout_s=2, first_byte_timeout_s=2, idle_timeout_s=2)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def serve(listen, read_request):
    """`await serve(certificate, client_ca=None)`: an https upstream, and the clients' names that it has seen."""

    async def begin(certificate: tuple[Path, Path], client_ca: Path | None = None) -> tuple[str, list[str]]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        seen: list[str] = []

        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            shown = writer.get_extra_info("peercert")
            seen.append(dict(pair[0] for pair in shown["subject"])["commonName"] if shown else "")
            await read_request(reader)
            writer.write(OK)

        return await listen(behave, ssl=context), seen

    return begin


@pytest.fixture
def ask(upstreams, recorder):
    async def one(url: str, tls: TlsOptions | None) -> str:
        heard = recorder()
        upstreams.origin(url, LIMITS, tls).endpoint("/", {}).post(b"x", heard)
        failure = (await heard.wait()).failure
        return f"{failure.kind}: {failure.message}" if failure else heard.body.decode()

    return one


async def test_an_upstream_is_verified_against_the_system_or_the_authority_that_is_named(authority, serve, ask) -> None:
    url, _ = await serve(authority.issue("localhost"))
    assert await ask(url, TlsOptions(ca_file=str(authority.file))) == "ok"
    assert (await ask(url, None)).startswith("connect: no connection: ")
    assert await ask(url, TlsOptions(verify=False)) == "ok"


async def test_the_certificate_must_show_the_name_that_is_expected(authority, serve, ask) -> None:
    url, _ = await serve(authority.issue("models.internal"))
    ca = str(authority.file)
    assert "connect" in await ask(url, TlsOptions(ca_file=ca))
    assert await ask(url, TlsOptions(ca_file=ca, server_name="models.internal")) == "ok"


async def test_an_upstream_that_asks_gets_our_certificate(authority, serve, ask) -> None:
    url, seen = await serve(authority.issue("localhost"), authority.file)
    certificate, key = authority.issue("stoa-gateway")
    ca = str(authority.file)
    assert await ask(url, TlsOptions(ca_file=ca, certificate_file=str(certificate), key_file=str(key))) == "ok"
    assert seen == ["stoa-gateway"]
    assert await ask(url, TlsOptions(ca_file=ca)) != "ok"


async def test_files_that_cannot_be_used_are_a_failure_to_connect_until_they_can(authority, serve, ask, tmp_path) -> None:
    url, _ = await serve(authority.issue("localhost"))
    late = tmp_path / "late.pem"
    options = TlsOptions(ca_file=str(late))
    assert await ask(url, options) == "connect: no connection: its TLS files cannot be used (no such file or directory)"
    late.write_bytes(authority.file.read_bytes())
    assert await ask(url, options) == "ok"


async def test_other_options_are_another_origin(upstreams) -> None:
    plain, private = None, TlsOptions(ca_file="ca.pem")
    one = upstreams.origin("https://a", LIMITS, plain)
    assert upstreams.origin("https://a", LIMITS, plain) is one
    assert upstreams.origin("https://a", LIMITS, private) is not one
