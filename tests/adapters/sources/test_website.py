"""Websites of this machine, read as strangers would be: by sitemaps and links, slowly, and nowhere else."""

import gzip
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits, fill, listed, text_of
from tests.upstreams.silent import silent
from tests.upstreams.site import WebSite, website

from stoa.adapters.sources.surroundings import Surroundings
from stoa.adapters.sources.website import WebsiteConnector, connect
from stoa.api.wire.server import Server
from stoa.domain.identity import Rights
from stoa.domain.sources import Website
from stoa.errors import SourceError, Unreadable

_START = "<meta name=robots content=noindex><title>Start</title>"


class Pages:
    """The contract's place: Markdown files of a site that its sitemap names. The start is no document."""

    traits = Traits(rights=False)

    def __init__(self, site: WebSite, server: Server, scratch: Path) -> None:
        self.site, self._server, self._scratch = site, server, scratch
        self._paths: set[str] = set()
        site.show("/", _START)

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        self._paths.add(path)
        self.site.show(f"/{path}", text, "text/markdown")
        self._map()

    async def remove(self, path: str) -> None:
        self._paths.remove(path)
        del self.site.pages[f"/{path}"]
        self._map()

    async def vanish(self) -> None:
        await self._server.drain()

    def path_of(self, path: str) -> str:
        return path

    async def connect(
        self, *, most_bytes: int = 1 << 20, allow: tuple[str, ...] = ("127.0.0.1",), **fields: Any
    ) -> WebsiteConnector:
        said: dict[str, Any] = {"url": f"{self.site.url}/", "requests_per_s": 10_000.0, **fields}
        around = Surroundings(self._scratch, website_allow=allow)
        return connect(Website(**said), {}, most_bytes=most_bytes, surroundings=around, silence_s=5)

    def _map(self) -> None:
        lines = "".join(f"<url><loc>{self.site.url}/{quote(path)}</loc></url>" for path in sorted(self._paths))
        self.site.show("/sitemap.xml", f"<urlset>{lines}</urlset>", "application/xml")


@pytest.fixture(params=[True, False], ids=["tagged", "untagged"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Pages]:
    async with website() as (site, server):
        site.tagged = request.param
        yield Pages(site, server, tmp_path / "scratch")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Pages]:
    async with website() as (found, server):
        yield Pages(found, server, tmp_path / "scratch")


async def paths(place: Pages, **fields: Any) -> set[str]:
    connector = await place.connect(**fields)
    try:
        return set(await listed(connector))
    finally:
        await connector.close()


async def test_links_are_followed_within_the_start_address(site: Pages) -> None:
    show = site.site.show
    show(
        "/docs/",
        '<a href="a">A</a> <a href="/docs/b/?page=2&x=a/b#top">B</a> <a href="../other">out</a> <a href="mailto:x@y">m</a>',
    )
    show("/docs/a", '<base href="/docs/deep/"><a href="c.html">C</a> <a href="http://elsewhere.invalid/docs/x">out</a>')
    show("/docs/b/?page=2&x=a/b", "B <a href='http://[broken'>broken</a>")
    show(
        "/docs/deep/c.html",
        '<a href="/docs/a">back</a> <a href="d.pdf">D</a> <a href="logo.png">L</a> <a href="data.bin">X</a>',
    )
    show("/docs/deep/d.pdf", b"%PDF-1.4", "application/pdf")
    show("/docs/deep/logo.png", b"x", "image/png")
    show("/docs/deep/data.bin", b"x", "application/octet-stream")
    show("/other", "out")
    start = f"{site.site.url}/docs/"
    expected = {"index.html", "a.html", "b/index?page=2&x=a%2Fb.html", "deep/c.html", "deep/d.pdf"}
    assert await paths(site, url=start) == expected
    assert "/other" not in site.site.asked
    assert await paths(site, url=start, follow_links=False) == {"index.html"}
    assert await paths(site, url=start, most_pages=2) == {"index.html", "a.html"}


async def test_two_addresses_never_become_one_path(site: Pages) -> None:
    site.site.show("/", '<a href="a">1</a> <a href="a.html">2</a> <a href="a.html?">3</a> <a href="//127.0.0.1">4</a>')
    site.site.show("/a", "one")
    site.site.show("/a.html", "two")
    connector = await site.connect()
    for _ in range(2):
        found = await listed(connector)
        assert set(found) == {"index.html", "a.html", "a~2.html"}
        assert [await text_of(connector, found[path]) for path in ("a.html", "a~2.html")] == ["one", "two"]
    await connector.close()


async def test_robots_txt_is_honoured_everywhere(site: Pages) -> None:
    show = site.site.show
    show("/robots.txt", "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: Stoa\nAllow: /\nDisallow: /closed/\nDisallow: /*.pdf$\n", "text/plain")  # fmt: skip  # noqa: E501
    show(
        "/",
        '<a href="open.html">o</a> <a href="closed/x.html">c</a> <a href="x.pdf">p</a> <a rel="nofollow" href="no.html">n</a>',
    )
    for path in ("/open.html", "/closed/x.html", "/no.html"):
        show(path, '<meta name="robots" content="nofollow"><a href="/hidden.html">h</a>')
    show("/x.pdf", b"%PDF", "application/pdf")
    show("/sitemap.xml", f"<urlset><loc>{site.site.url}/closed/x.html</loc></urlset>", "application/xml")
    assert await paths(site) == {"index.html", "open.html"}
    assert not {"/closed/x.html", "/x.pdf", "/no.html", "/hidden.html"} & set(site.site.asked)
    assert all("stoa" in agent for agent in site.site.agents)
    show("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
    with pytest.raises(SourceError, match=r"robots\.txt of the site closes"):
        await paths(site)
    show("/robots.txt", "", status=500)
    with pytest.raises(SourceError, match=r"robots\.txt' answers 500, so nothing of the site may be read"):
        await paths(site)


async def test_requests_keep_the_distance_that_is_asked_for(site: Pages) -> None:
    site.site.show("/robots.txt", "User-agent: *\nCrawl-delay: 0.1", "text/plain")
    begun = time.monotonic()
    await paths(site)
    asked = len(site.site.asked)
    assert asked == 3 and time.monotonic() - begun >= 0.1 * (asked - 2)


async def test_sitemaps_of_sitemaps_and_packed_ones_are_read(site: Pages) -> None:
    url, show = site.site.url, site.site.show
    show("/robots.txt", f"Sitemap: {url}/maps/index.xml\nSitemap: http://elsewhere.invalid/map.xml", "text/plain")
    maps = "".join(f"<sitemap><loc>{url}/maps/{name}</loc></sitemap>" for name in ("1.xml.gz", "2.txt"))
    show("/maps/index.xml", f"<sitemapindex>{maps}</sitemapindex>", "application/xml")
    packed = gzip.compress(
        f"<urlset><url><loc>\n <![CDATA[{url}/a?x=1&y=2]]></loc></url><loc>{url}/b?x=1&amp;y=2</loc></urlset>".encode()
    )
    show("/maps/1.xml.gz", packed, "application/gzip")
    show("/maps/2.txt", f"{url}/c\nhttp://elsewhere.invalid/d\n", "text/plain")
    for path in ("/a?x=1&y=2", "/b?x=1&y=2", "/c"):
        show(path, path)
    assert await paths(site) == {"a?x=1&y=2.html", "b?x=1&y=2.html", "c.html"}
    connector = await site.connect()
    assert await connector.test() == "The site answers; its sitemaps name 3 pages below '/', its start links to 0."
    await connector.close()
    for broken, said in ((packed[:40], "cut off|cannot be unpacked"), (b"<urlset><loc>x", "cut off")):
        show("/maps/1.xml.gz", broken, "application/gzip")
        with pytest.raises(SourceError, match=said):
            await paths(site)


async def test_a_page_that_did_not_change_is_not_sent_again(site: Pages) -> None:
    await fill(site)
    first = await site.connect()
    before = await listed(first)
    sent = site.site.sent
    assert [await first.fetch(entry, known=None) for entry in before.values()] and site.site.sent == sent
    await first.close()
    again = await site.connect()
    after = await listed(again)
    assert after == before and site.site.sent == sent + 1  # the sitemap
    await again.close()


async def test_canonical_addresses_and_redirects_lead_to_one_document(site: Pages) -> None:
    show, url = site.site.show, site.site.url
    show("/", '<a href="old">o</a> <a href="print">p</a> <a href="away">w</a> <a href="loop">l</a> <a href="far">f</a>')
    show("/old", "", status=301, location="/new")
    show("/new", "new")
    show("/print", f'<link rel="canonical" href="{url}/real"> for print <a href="/more">more</a>')
    show("/real", "real")
    show("/more", "more")
    show("/away", "", status=302, location="http://169.254.169.254/latest")
    show("/loop", "", status=302, location="/loop")
    show("/far", '<link rel="canonical" href="http://elsewhere.invalid/far"> far')
    assert await paths(site) == {"index.html", "new.html", "real.html", "more.html", "far.html"}
    show("/", "", status=301, location="http://elsewhere.invalid/")
    with pytest.raises(SourceError, match=r"leads to 'http://elsewhere\.invalid/', which is another site; name that as url"):
        await paths(site)


async def test_a_page_that_fails_for_the_moment_stays_as_it_was(site: Pages) -> None:
    site.site.show("/", _START + '<a href="a">a</a> <a href="b">b</a>')
    site.site.show("/a", '<a href="c">c</a>')
    site.site.show("/b", "b")
    site.site.show("/c", "c")
    connector = await site.connect()
    before = await listed(connector)
    site.site.show("/a", "", status=500)
    assert await listed(connector) == before
    site.site.show("/a", "", status=404)
    assert set(await listed(connector)) == {"b.html"}
    await connector.close()


async def test_a_site_that_fails_all_over_is_an_error(site: Pages) -> None:
    await fill(site, {f"{number}.md": "x" for number in range(8)})
    connector = await site.connect()
    await listed(connector)
    for number in range(8):
        site.site.show(f"/{number}.md", "", status=503)
    with pytest.raises(SourceError, match="answers 503"):
        await listed(connector)
    for number in range(8):
        site.site.show(f"/{number}.md", "x", "text/markdown")
    assert len(await listed(connector)) == 8
    await connector.close()


async def test_coming_back_later_is_done_when_asked(site: Pages) -> None:
    await fill(site, {"a.md": "now"})
    shown = site.site.pages["/a.md"]
    site.site.show("/a.md", "", status=429, retry_after="0.2")

    site.site.next["/a.md"] = shown
    connector = await site.connect()
    assert await text_of(connector, (await listed(connector))["a.md"]) == "now"
    assert site.site.asked.count("/a.md") == 2
    await connector.close()


async def test_a_killed_listing_leaves_nothing_that_hides_pages(site: Pages) -> None:
    await fill(site)
    dead = await site.connect()
    entries = dead.entries()
    seen = await anext(entries)
    await entries.aclose()
    await dead.close()
    site.site.show(f"/{seen.path}", "changed", "text/markdown")
    connector = await site.connect()
    found = await listed(connector)
    assert len(found) == 4 and await text_of(connector, found[seen.path]) == "changed"
    await connector.close()


async def test_what_is_remembered_may_be_lost_or_broken(site: Pages, tmp_path: Path) -> None:
    await fill(site)
    assert len(await paths(site)) == 4
    (memory,) = (tmp_path / "scratch").iterdir()
    memory.write_bytes(b"\x93torn")
    assert len(await paths(site)) == 4


async def test_addresses_that_are_not_public_are_refused(site: Pages) -> None:
    for allow in ((), ("10.0.0.0/8", "*.example.org", "example.org")):
        with pytest.raises(SourceError, match=r"127\.0\.0\.1, which is not public.*worker\.website_allow"):
            await paths(site, allow=allow)
    assert site.site.asked == []
    for url in ("http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/", "http://localhost/"):
        with pytest.raises(SourceError, match=r"not public|cannot be found"):
            await paths(site, url=url, allow=("10.0.0.0/8",))
    with pytest.raises(SourceError, match="not public"):
        await paths(site, url="http://169.254.169.254/", allow=("169.254.169.254.nip.invalid", "0.0.0.0/0"))
    assert site.site.asked == []


async def test_a_page_that_is_too_large_fails_alone(site: Pages) -> None:
    await fill(site, {"large.md": "x" * 2000, "small.md": "y"})
    connector = await site.connect(most_bytes=1000)
    found = await listed(connector)
    assert await text_of(connector, found["small.md"]) == "y"
    with pytest.raises(Unreadable, match="1,000 bytes"):
        await connector.fetch(found["large.md"], known=None)
    await connector.close()


async def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async with silent() as port:
        origin = Website(url=f"http://127.0.0.1:{port}/", requests_per_s=1000.0)
        around = Surroundings(tmp_path, website_allow=("127.0.0.1",))
        connector = connect(origin, {}, most_bytes=1, surroundings=around, silence_s=0.05)
        with pytest.raises(SourceError, match=r"robots\.txt' did not answer"):
            await connector.test()
        await connector.close()
