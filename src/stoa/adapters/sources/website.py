"""The pages of a site below one address: by its sitemaps and links, as robots.txt allows and no faster than is said.

What was seen is remembered, so that the next listing asks for each page only whether it has changed. A page that fails for the
moment is told as it was: nothing goes because a server had a bad minute.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from functools import partial

from stoa.adapters.sources.asking import Answer, Asker
from stoa.adapters.sources.crawl import Memory, Pace, Page, Site, ending_of, normal
from stoa.adapters.sources.reach import Reach
from stoa.adapters.sources.robots import PageMarks, Robots, read_marks, read_robots, read_sitemap
from stoa.adapters.sources.spool import Spool
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.sources import Connector, Entry, Fetched, Website
from stoa.errors import SourceError, Unreadable

_MOST_SITEMAPS = 500
_LARGEST_SITEMAP = 52_428_800
_FAILURES_IN_A_ROW = 5
_SAVE_EVERY = 200
_SLOWEST_S = 60.0


def connect(
    origin: Website, credentials: Mapping[str, str], *, most_bytes: int, surroundings: Surroundings, silence_s: float = 30.0
) -> "WebsiteConnector":
    """Nothing is asked yet. Pages that need a sign-in cannot be read, so credentials mean nothing here."""
    site, pace = Site(origin.url), Pace(1 / origin.requests_per_s)
    asker = Asker(site, Reach(surroundings.website_allow), pace, most_bytes=most_bytes, silence_s=silence_s)
    memory = Memory(surroundings.folder("website", origin.url).with_suffix(".msgpack"))
    return WebsiteConnector(origin, site, asker, pace, memory, surroundings=surroundings, most_bytes=most_bytes)


class WebsiteConnector(Connector):
    """Behind `Connector`."""

    def __init__(
        self,
        origin: Website,
        site: Site,
        asker: Asker,
        pace: Pace,
        memory: Memory,
        *,
        surroundings: Surroundings,
        most_bytes: int,
    ) -> None:
        self._origin, self._site, self._asker, self._pace, self._memory = origin, site, asker, pace, memory
        self._scratch, self._most_bytes = surroundings.scratch, most_bytes
        self._robots = Robots()
        self._spool: Spool | None = None
        self._urls: dict[str, str] | None = None
        """The address of each path, once this connector has listed or looked into what is remembered."""

    async def test(self) -> str:
        """Ask for robots.txt, the sitemaps and the start."""
        await self._ask_robots()
        known = await self._sitemap()
        answer = await self._start()
        marks = await self._marks(answer)
        leads = sum(self._may(link) for link in dict.fromkeys(marks.links))
        return (
            f"The site answers; its sitemaps name {len(known)} pages below {self._site.folder!r}, its start links to {leads}."
        )

    async def entries(self) -> AsyncGenerator[Entry]:
        """Breadth first, the start's links and then the sitemaps'; ends after `most_pages`, whatever there is beyond."""
        await asyncio.to_thread(self._memory.load)
        before, self._memory.pages = self._memory.pages, {}
        taken: dict[str, str] = {}
        self._urls = taken
        if self._spool is not None:
            self._spool.clear()
        await self._ask_robots()
        waiting = deque([self._site.start, *await self._sitemap()])
        seen, asked, failures = set(waiting), 0, 0
        try:
            while waiting and asked < self._origin.most_pages:
                url = waiting.popleft()
                if not self._robots.allows(_path(url)):
                    continue
                asked += 1
                try:
                    found = await self._page(url, before.get(url), taken, first=asked == 1)
                    failures = 0
                except SourceError:
                    failures += 1
                    if asked == 1 or failures >= _FAILURES_IN_A_ROW:
                        raise
                    found = before.get(url)
                    if found is None:
                        continue
                self._memory.pages[url] = found
                for link in self._further(found):
                    if link not in seen and self._may(link):
                        seen.add(link)
                        waiting.append(link)
                if found.listed and taken.setdefault(found.path, url) == url:
                    yield Entry(path=found.path, version=found.version or None)
                if asked % _SAVE_EVERY == 0:
                    await asyncio.to_thread(self._memory.save)
        finally:
            kept = {**before, **self._memory.pages} if waiting else self._memory.pages
            self._memory.pages = kept
            await asyncio.to_thread(self._memory.save)

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        """What this listing has read already, else the page as it is now, asked for only if it is another than `known`."""
        if self._urls is None:
            await asyncio.to_thread(self._memory.load)
            self._urls = {page.path: url for url, page in self._memory.pages.items() if page.listed}
            await self._ask_robots()
        if entry.version is not None and entry.version == known:
            return None
        if self._spool is not None and entry.version is not None and (data := self._spool.get(entry.path)) is not None:
            return Fetched(data, entry.version)
        url = self._urls.get(entry.path)
        if url is None:
            raise Unreadable("The site has no such page any more.")
        page = self._memory.pages.get(url)
        answer = await self._asker.get(url, _conditions(page) if page is not None and page.version == known else {})
        if answer.status == 304:
            return None
        if answer.body is None:
            raise Unreadable(
                f"The page is larger than the largest document, {self._most_bytes:,} bytes (worker.document_bytes)."
            )
        if not answer.ok:
            if answer.status >= 500:
                raise SourceError(f"{url!r} answers {answer.status}.")
            raise Unreadable(f"The page is gone since it was listed: {url!r} answers {answer.status}.")
        version = _version(answer.body)
        return None if version == known else Fetched(answer.body, version)

    async def close(self) -> None:
        await self._asker.close()
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    async def _ask_robots(self) -> None:
        """Nothing there means that all is open; no answer means that nothing is (RFC 9309, section 2.3.1)."""
        url = self._site.root("/robots.txt")
        answer = await self._asker.get(url, on_host=True)
        if answer.status == 429 or answer.status >= 500:
            raise SourceError(f"{url!r} answers {answer.status}, so nothing of the site may be read now.")
        self._robots = read_robots((answer.body or b"").decode("utf-8", "replace")) if answer.ok else Robots()
        self._pace.interval_s = max(1 / self._origin.requests_per_s, min(self._robots.delay_s, _SLOWEST_S))
        if not self._robots.allows(_path(self._site.start)):
            raise SourceError(f"robots.txt of the site closes {self._site.start!r} to programs such as this.")

    async def _sitemap(self) -> list[str]:
        """The addresses in all sitemaps that may be read, in order, each once."""
        named = [each for each in self._robots.sitemaps if self._site.on_host(each)]
        waiting = deque(named or [self._site.root("/sitemap.xml")])
        seen, found = set(waiting), dict[str, None]()
        while waiting:
            url = waiting.popleft()
            answer = await self._asker.get(url, on_host=True, most_bytes=_LARGEST_SITEMAP)
            if answer.status == 429 or answer.status >= 500:
                raise SourceError(f"The sitemap {url!r} answers {answer.status}.")
            if not answer.ok:
                continue
            if answer.body is None:
                raise SourceError(f"The sitemap {url!r} has more than {_LARGEST_SITEMAP:,} bytes.")
            try:
                index, addresses = await asyncio.to_thread(read_sitemap, answer.body, most_bytes=_LARGEST_SITEMAP)
            except ValueError as error:
                if not named and "html" in answer.content_type:
                    continue  # some sites answer everything with a page
                raise SourceError(f"The sitemap {url!r} cannot be read: {error}.") from None
            for each in addresses:
                if index and self._site.on_host(each) and each not in seen and len(seen) < _MOST_SITEMAPS:
                    seen.add(each)
                    waiting.append(each)
                elif not index and self._site.within(each):
                    found.setdefault(normal(each))
            if len(found) >= self._origin.most_pages:
                break
        return [each for each in found if self._may(each) and each != self._site.start]

    async def _start(self) -> Answer:
        answer = await self._asker.get(self._site.start)
        if answer.leads_to is not None:
            raise SourceError(f"{self._site.start!r} leads to {answer.leads_to!r}, which is another site; name that as url.")
        if not answer.ok:
            raise SourceError(f"{self._site.start!r} answers {answer.status}.")
        return answer

    async def _page(self, url: str, before: Page | None, taken: Mapping[str, str], *, first: bool) -> Page:
        """A page as it is now. Raises SourceError for one that fails; one that is gone or leads away is not listed."""
        readable = partial(ending_of, url=url)
        conditions = _conditions(before) if before is not None else {}
        answer = await self._asker.once(url, conditions, wanted=lambda kind: readable(kind) is not None)
        if answer.status == 304 and before is not None:
            return before
        if first and not answer.ok:
            await self._start()
        if answer.status == 429 or answer.status >= 500:
            raise SourceError(f"{url!r} answers {answer.status}.")
        ending = readable(answer.content_type) if answer.ok else None
        if ending is None:
            to = answer.leads_to
            return Page(path="", version="", listed=False, leads_to=normal(to) if to and self._site.within(to) else None)

        def taken_by_another(path: str) -> bool:
            return taken.get(path, url) != url

        path = before.path if before is not None and before.path else self._site.path_of(url, ending, taken_by_another)
        if taken_by_another(path):
            path = self._site.path_of(url, ending, taken_by_another)
        if answer.body is None:
            return Page(path=path, version="")
        marks = await self._marks(answer)
        canonical = normal(marks.canonical) if marks.canonical and self._site.within(marks.canonical) else url
        page = Page(
            path=path,
            version=_version(answer.body),
            etag=answer.headers.get("etag"),
            modified=answer.headers.get("last-modified"),
            links=tuple(dict.fromkeys(normal(link) for link in marks.links if self._site.within(link))),
            leads_to=canonical if canonical != url else None,
            listed=canonical == url and not marks.noindex,
        )
        if page.listed and (before is None or before.version != page.version):
            await self._keep(path, answer.body)
        return page

    async def _keep(self, path: str, data: bytes) -> None:
        if self._spool is None:
            self._spool = await asyncio.to_thread(Spool, self._scratch)
        await asyncio.to_thread(self._spool.put, path, data)

    async def _marks(self, answer: Answer) -> PageMarks:
        """Of a page that leads nowhere, such as a PDF, what its head says."""
        tag = answer.headers.get("x-robots-tag", "")
        html = ending_of(answer.content_type, answer.url) == "html"
        return await asyncio.to_thread(read_marks, (answer.body or b"") if html else b"", answer.url, headers=tag)

    def _further(self, page: Page) -> list[str]:
        links = page.links if self._origin.follow_links else ()
        return [*([page.leads_to] if page.leads_to else []), *links]

    def _may(self, url: str) -> bool:
        return self._site.within(url) and self._robots.allows(_path(normal(url)))


def _conditions(page: Page) -> dict[str, str]:
    said = {"if-none-match": page.etag, "if-modified-since": page.modified}
    return {name: value for name, value in said.items() if value}


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _path(url: str) -> str:
    """What robots.txt speaks of: path and query."""
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2]
