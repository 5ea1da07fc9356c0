"""HTML: the content of the page without what surrounds it on every page, as Markdown."""

import re
from typing import TYPE_CHECKING

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.footnotes import placed
from stoa.adapters.parsers.text import markdown_headings
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_NEVER = ["script", "style", "noscript", "template", "iframe", "svg", "canvas", "object", "form", "dialog", "button", "nav"]
_AROUND = ["header", "footer", "aside"]
_TOO_DEEP = "The page has elements nested too deeply to be read."
_MARK = re.compile(r"^[\[(]?(\d{1,3}|[a-z*†‡])[\])]?$")
_BACK = re.compile(r"^[\s↩↑^⤴︎\ufe0e]*$")
_DATED = ("article:modified_time", "article:published_time", "dcterms.modified", "dc.date", "date", "last-modified")
_ISO = re.compile(r"^\d{4}-\d\d-\d\d")


def read_html(data: bytes) -> ParsedDocument:
    """The main part of the page if it says which that is, else all but navigation, head and foot."""
    from bs4 import BeautifulSoup

    try:
        date = _date(BeautifulSoup(data, "html.parser"))
        title, text = page_of(data)
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None
    return ParsedDocument(title=title, text=text, headings=markdown_headings(text), kind="markdown", date=date)


def page_of(data: bytes | str) -> tuple[str, str]:
    """Title and content of a page, as Markdown."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(data, "html.parser")
    _note_down(soup)
    content = _content(soup)
    title = content.find("h1") or soup.find("title")
    return title.get_text(" ", strip=True) if title else "", placed(to_markdown(str(content)))


def to_markdown(html: str) -> str:
    """HTML as Markdown, tables and headings kept. Raises Unreadable for a page nested beyond reason."""
    from markitdown.converters import HtmlConverter

    try:
        return squeeze(clean(HtmlConverter().convert_string(html).markdown))
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None


def squeeze(text: str) -> str:
    """Without spaces at line ends and with one empty line at most between paragraphs."""
    lines = [line.rstrip() for line in text.split("\n")]
    kept = [line for position, line in enumerate(lines) if line or (position and lines[position - 1])]
    return "\n".join(kept).strip("\n")


def _content(soup: "BeautifulSoup") -> "Tag":
    for tag in soup.find_all(_NEVER):
        tag.decompose()
    for tag in soup.select("[hidden], [aria-hidden=true]"):
        tag.decompose()
    for terms in soup.find_all("dl"):
        _flatten_terms(soup, terms)
    main = soup.select_one("main, [role=main]")
    if main is not None and main.get_text(strip=True):
        return main
    body = soup.body or soup
    for tag in body.find_all(_AROUND):
        if tag.name != "header" or tag.find("h1") is None:
            tag.decompose()
    return body


def _date(soup: "BeautifulSoup") -> str | None:
    said = {
        str(tag.get("property") or tag.get("name") or "").lower(): str(tag.get("content") or "")
        for tag in soup.find_all("meta")
    }
    return next((said[name][:10] for name in _DATED if _ISO.match(said.get(name, ""))), None)


def _note_down(soup: "BeautifulSoup") -> None:
    """Footnotes as Markdown writes them: a short mark that leads to an element of the page, and that element."""
    for link in soup.select("a[href^='#']"):
        mark, name = _MARK.match(link.get_text(strip=True)), str(link.get("href"))[1:]
        note = soup.find(["li", "p", "div", "aside", "dd"], id=name) if mark and name else None
        if mark is None or note is None or note in link.parents:
            continue
        for back in note.select("a[href^='#']"):
            if _BACK.match(back.get_text()) or _MARK.match(back.get_text(strip=True)):
                back.decompose()
        words = " ".join(note.get_text(" ", strip=True).split())
        around = link.parent if link.parent is not None and link.parent.name == "sup" else link
        around.replace_with(f"[^{mark[1]}]")
        line = soup.new_tag("p")
        line.string = f"[^{mark[1]}]: {words}"
        listing = note.parent
        (listing if note.name == "li" and listing is not None else note).insert_after(line)
        note.decompose()


def _flatten_terms(soup: "BeautifulSoup", terms: "Tag") -> None:
    """A definition list as lines of `term: definition`, which Markdown has no form for."""
    lines, term = list[str](), ""
    for tag in terms.find_all(["dt", "dd"]):
        words = tag.get_text(" ", strip=True)
        if tag.name == "dt":
            term = words
        else:
            lines.append(f"{term}: {words}" if term else words)
    listing = soup.new_tag("ul")
    for line in lines:
        item = soup.new_tag("li")
        item.string = line
        listing.append(item)
    terms.replace_with(listing)
