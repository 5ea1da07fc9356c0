"""What a crawl remembers of a site between two runs: of each page its validators, its version and where it leads."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

import msgspec

from stoa.adapters.parsers.read import READERS

_KINDS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_VAGUE = frozenset({"text/plain", "application/octet-stream", ""})
"""What servers call files that they know nothing of: the address says more."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was last seen. `links` lead further within the site; `leads_to` is where it says that it really lies."""

    path: str
    version: str
    etag: str | None = None
    modified: str | None = None
    links: tuple[str, ...] = ()
    leads_to: str | None = None
    listed: bool = True


class _Saved(msgspec.Struct, array_like=True):
    """Addresses stand once, and pages name them by number."""

    addresses: list[str]
    pages: dict[int, Page]
    links: dict[int, list[int]]


class Memory:
    """The pages of a site by address, in a file of their own. One that cannot be read is an empty one: all is fetched anew."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.pages: dict[str, Page] = {}

    def load(self) -> None:
        try:
            saved = msgspec.msgpack.decode(self._file.read_bytes(), type=_Saved)
            names = saved.addresses
            self.pages = {
                names[number]: msgspec.structs.replace(page, links=tuple(names[link] for link in saved.links.get(number, ())))
                for number, page in saved.pages.items()
            }
        except (OSError, msgspec.DecodeError, IndexError):
            self.pages = {}

    def save(self) -> None:
        numbers: dict[str, int] = {}
        saved = _Saved([], {}, {})
        for url, page in self.pages.items():
            number = numbers.setdefault(url, len(numbers))
            saved.pages[number] = msgspec.structs.replace(page, links=())
            saved.links[number] = [numbers.setdefault(link, len(numbers)) for link in page.links]
        saved.addresses = list(numbers)
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_bytes(msgspec.msgpack.encode(saved))
        part.replace(self._file)


class Site:
    """The start address, and which other addresses are within: the same host, below the start's folder."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self.start = normal(url)
        self._host, self._port = split.hostname or "", _port(split)
        self.folder = (urlsplit(self.start).path.rpartition("/")[0] + "/") if split.path else "/"

    def root(self, path: str) -> str:
        """An address of the host outside of any folder."""
        split = urlsplit(self.start)
        return f"{split.scheme}://{split.netloc}{path}"

    def on_host(self, url: str) -> bool:
        """Whether it is on the same host; from http to https is no other host."""
        try:
            split = urlsplit(url)
            port = _port(split)
        except ValueError:
            return False
        same = port == self._port or (port, self._port) == (443, 80)
        return split.scheme in ("http", "https") and not split.username and split.hostname == self._host and same

    def within(self, url: str) -> bool:
        return self.on_host(url) and (urlsplit(url).path or "/").startswith(self.folder)

    def path_of(self, url: str, ending: str, taken: Callable[[str], bool]) -> str:
        """The document's path: that of the address below the start's folder, with an ending that says what it is."""
        split = urlsplit(url)
        parts = [part for part in unquote(split.path.removeprefix(self.folder)).split("/") if part not in ("", ".", "..")]
        if not parts or split.path.endswith("/"):
            parts.append("index")
        if split.query:
            parts[-1] = f"{parts[-1]}?{unquote(split.query)}".replace("/", "%2F")
        last = parts[-1].rpartition(".")[2].lower() if "." in parts[-1] else ""
        if last != ending and not (ending == "html" and last in ("htm", "xhtml")):
            parts[-1] = f"{parts[-1]}.{ending}"
        path = "/".join(parts).replace("\0", "")
        number, found = 1, path
        while taken(found):
            number += 1
            found = f"{path.removesuffix(f'.{ending}')}~{number}.{ending}"
        return found


class Pace:
    """Lets requests through one at a time, so far apart."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._next = 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        if now < self._next:
            await asyncio.sleep(self._next - now)
        self._next = max(now, self._next) + self.interval_s


def normal(url: str) -> str:
    """One spelling of an address: no fragment, host in lower case, an empty path as `/`, nothing unquoted in it."""
    split = urlsplit(url)
    host = split.hostname or ""
    port = f":{split.port}" if split.port is not None and split.port != (443 if split.scheme == "https" else 80) else ""
    named = f"[{host}]" if ":" in host else host
    path = quote(split.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(split.query, safe="/%:@!$&'()*+,;=~-._?")
    return f"{split.scheme}://{named}{port}{path}{f'?{query}' if query else ''}"


def ending_of(content_type: str, url: str) -> str | None:
    """What a document of this type is called at its end; None for what no parser reads."""
    kind = content_type.partition(";")[0].strip().lower()
    last = unquote(urlsplit(url).path).rpartition("/")[2].rpartition(".")
    named = last[2].lower() if last[1] and last[2].lower() in READERS else None
    if kind in _VAGUE and named is not None:
        return named
    return _KINDS.get(kind)


def _port(split: SplitResult) -> int:
    return split.port or (443 if split.scheme == "https" else 80)
