"""HTML: the content of the page without what surrounds it on every page, as Markdown."""

from typing import TYPE_CHECKING

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.text import markdown_headings
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_NEVER = ["script", "style", "noscript", "template", "iframe", "svg", "canvas", "object", "form", "dialog", "button", "nav"]
_AROUND = ["header", "footer", "aside"]


def read_html(data: bytes) -> ParsedDocument:
    """The main part of the page if it says which that is, else all but navigation, head and foot."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(data, "html.parser")
    content = _content(soup)
    title = content.find("h1") or soup.find("title")
    text = to_markdown(str(content))
    return ParsedDocument(
        title=title.get_text(" ", strip=True) if title else "", text=text, headings=markdown_headings(text), kind="markdown"
    )


def to_markdown(html: str) -> str:
    """HTML as Markdown, tables and headings kept. Raises Unreadable for a page nested beyond reason."""
    from markitdown.converters import HtmlConverter

    try:
        return squeeze(clean(HtmlConverter().convert_string(html).markdown))
    except RecursionError:
        raise Unreadable("The page has elements nested too deeply to be read.") from None


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
