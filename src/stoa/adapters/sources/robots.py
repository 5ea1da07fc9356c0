"""What a site says of itself to programs: robots.txt (RFC 9309), sitemaps, and the links and marks of a page."""

import html
import re
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

AGENT = "stoa"

_LARGEST_ROBOTS = 512_000
"""RFC 9309, section 2.5: at least 500 KiB are read."""
_LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</(?:\w+:)?loc>", re.IGNORECASE)
_INDEX = re.compile(r"<(?:\w+:)?sitemapindex[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for us: paths that are open and closed, seconds between requests, and where sitemaps lie."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay_s: float = 0.0
    sitemaps: tuple[str, ...] = ()

    def allows(self, path: str) -> bool:
        """Of a path with its query. The longest rule that fits counts, and the open one of two as long."""
        best = max(
            ((len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, path)),
            default=(0, True),
        )
        return best[1]


def read_robots(text: str) -> Robots:
    """Groups that name us count, together; if there is none, those for everybody."""
    sitemaps: list[str] = []
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    naming = False
    for line in text[:_LARGEST_ROBOTS].lstrip("\ufeff").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            agents = [*agents, value.lower()] if naming else [value.lower()]
            groups.setdefault(value.lower(), [])
            naming = True
            continue
        naming = False
        if name == "sitemap":
            sitemaps.append(value)
        for agent in agents:
            groups[agent].append((name, value))
    own = groups.get(AGENT, groups.get("*", []))
    rules = tuple((name == "allow", value) for name, value in own if name in ("allow", "disallow") and value)
    delays = [_seconds(value) for name, value in own if name == "crawl-delay"]
    return Robots(rules, max(delays, default=0.0), tuple(sitemaps))


def read_sitemap(data: bytes, *, most_bytes: int) -> tuple[bool, list[str]]:
    """Whether it lists further sitemaps, and the addresses in it: XML or lines, packed or not. Raises ValueError."""
    if data.startswith(b"\x1f\x8b"):
        unpacking = zlib.decompressobj(wbits=31)
        try:
            data = unpacking.decompress(data, most_bytes)
        except zlib.error as error:
            raise ValueError(f"it cannot be unpacked ({error})") from None
        if unpacking.unconsumed_tail:
            raise ValueError(f"it has more than {most_bytes:,} bytes when unpacked")
        if not unpacking.eof:
            raise ValueError("it is cut off")
    text = data.decode("utf-8", "replace")
    if "<" not in text:
        return False, [line.strip() for line in text.splitlines() if line.strip().startswith("http")]
    if not re.search(r"</(?:\w+:)?(?:urlset|sitemapindex)>\s*\Z", text, re.IGNORECASE) and not re.search(
        r"<(?:\w+:)?(?:urlset|sitemapindex)[^>]*/>", text, re.IGNORECASE
    ):
        raise ValueError("it is no sitemap, or cut off")
    return _INDEX.search(text) is not None, [html.unescape(found) for found in _LOCATION.findall(text)]


@dataclass(slots=True)
class PageMarks:
    """Of one HTML page: absolute links in order, its canonical address, and what it asks of programs."""

    links: list[str] = field(default_factory=list[str])
    canonical: str | None = None
    noindex: bool = False
    nofollow: bool = False


def read_marks(data: bytes, url: str, *, headers: str = "") -> PageMarks:
    """`headers` are those of X-Robots-Tag. A page that is no proper HTML gives what could be read of it."""
    reader = _Reader(url)
    reader.feed(data.decode("utf-8", "replace"))
    marks = reader.marks
    for said in (*reader.robots, headers):
        words = {word.strip() for word in said.lower().replace(f"{AGENT}:", "").split(",")}
        marks.noindex |= bool(words & {"noindex", "none"})
        marks.nofollow |= bool(words & {"nofollow", "none"})
    if marks.nofollow:
        marks.links.clear()
    return marks


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.marks = PageMarks()
        self.robots: list[str] = []
        self._place = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        relations = said.get("rel", "").lower().split()
        match tag:
            case "a" | "area" if "href" in said and "nofollow" not in relations:
                if (link := _joined(self._place, said["href"])) is not None:
                    self.marks.links.append(link)
            case "base" if "href" in said:
                self._place = _joined(self._place, said["href"]) or self._place
            case "link" if "canonical" in relations and "href" in said:
                self.marks.canonical = _joined(self._place, said["href"])
            case "meta" if said.get("name", "").lower() in ("robots", AGENT):
                self.robots.append(said.get("content", ""))
            case _:
                pass


def _joined(place: str, link: str) -> str | None:
    try:
        return urljoin(place, link.strip())
    except ValueError:
        return None


def _fits(pattern: str, path: str) -> bool:
    """`*` is anything, `$` at the end is the end; without it a rule is a beginning."""
    parts = pattern.removesuffix("$").split("*")
    at = 0
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if number == 0:
            if not path.startswith(part):
                return False
            at = len(part)
        elif last and pattern.endswith("$"):
            return path.endswith(part) and len(path) - len(part) >= at
        elif (found := path.find(part, at)) < 0:
            return False
        else:
            at = found + len(part)
    return not pattern.endswith("$") or at == len(path)


def _seconds(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0
