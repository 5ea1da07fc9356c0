"""Read PDFs with Stoa's reader, with pypdfium2's plain text and with markitdown, and hold the text against what it must say.

Three sets: the example company's PDFs, whose manuscripts say what stands in them; pages drawn for what is hard about PDFs; and
PDFs of this machine's documentation (and of a folder given on the command line), whose outlines name their headings. Reported:

- headings: share of those that there are that are marked as headings; plain text marks none
- rows: share of the tables' rows that stand in the text with every cell right
- paragraphs: share of the paragraphs that stand in one piece, neither torn nor run together with a neighbour
- layouts: share of the drawn pages of which all that must be there is, in order
- pages/s: per second of one core, and for Stoa of its worker's two children together, each its own process

markitdown reads in an environment of its own, `--peer PYTHON` or .build/peers-parsing; where that is not there it is left out.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2

from layouts import Layout, layouts
from report import ROOT, Row, report
from stoa.adapters.parsers.process import ParserProcesses
from stoa.adapters.parsers.read import read
from stoa.domain.documents import ParsedDocument

sys.path.insert(0, str(ROOT / "examples" / "handbook" / "build"))
from manuscript import Callout, Heading, Items, Paragraph, Table, read_manuscript

HANDBOOK = ROOT / "examples" / "handbook"
PEER = ROOT / ".build" / "peers-parsing" / "bin" / "python"
MACHINE = Path("/usr/share/doc")
AT_LEAST_S = 8.0
"""Seconds for which the two children read."""


@dataclass(frozen=True)
class Expected:
    """A PDF and what is known of it."""

    path: Path
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    paragraphs: tuple[str, ...] = ()
    layout: Layout | None = None


@dataclass
class Score:
    """What a reader found of a set."""

    pages: int = 0
    seconds: float = 0.0
    found: dict[str, list[bool]] = field(default_factory=dict[str, list[bool]])

    def note(self, what: str, *, right: bool) -> None:
        self.found.setdefault(what, []).append(right)

    def share(self, what: str) -> float | None:
        found = self.found.get(what)
        return sum(found) / len(found) if found else None


Reader = Callable[[Sequence[Path]], Iterator[tuple[str, float]]]
"""Gives Markdown and CPU seconds for each PDF, in order."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--peer", type=Path, default=PEER, help="a Python that has markitdown[pdf]")
    arguments.add_argument("--pdfs", type=Path, help="a folder of more PDFs")
    asked = arguments.parse_args()
    readers: dict[str, Reader] = {"Stoa": _stoa, "pypdfium2, plain text": _plain}
    if asked.peer.exists():
        readers["markitdown"] = lambda paths: _markitdown(asked.peer, paths)
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "handbook": list(_handbook()), "drawn": list(_drawn(Path(folder))), "machine": list(_machine(asked.pdfs)),
        }  # fmt: skip
        rows: list[Row] = [
            _row(name, reader, _score(sets[name], read_with))
            for name in sets
            if sets[name]
            for reader, read_with in readers.items()
        ]
        wrong = [
            each.layout.name
            for each in sets["drawn"]
            if each.layout and not _is_right(each.layout, next(_stoa([each.path]))[0])
        ]
        both = asyncio.run(_two_children([each.path for each in (*sets["handbook"], *sets["machine"])]))
    rows.append({"set": "handbook and machine", "reader": "Stoa, two children", "pages/s": both})
    report("parsing", rows, notes=[f"layouts that Stoa does not read right: {', '.join(wrong) or 'none'}"])


def _row(name: str, reader: str, score: Score) -> Row:
    shares = {what: score.share(what) for what in ("headings", "rows", "paragraphs", "layouts")}
    return {"set": name, "reader": reader, "pages": score.pages, **shares, "pages/s": score.pages / max(score.seconds, 1e-9)}


def _score(expected: Sequence[Expected], reader: Reader) -> Score:
    score = Score()
    for each, (text, seconds) in zip(expected, reader([each.path for each in expected]), strict=True):
        score.pages += _pages(each.path)
        score.seconds += seconds
        headings = {_plain_line(line) for line in text.split("\n") if line.startswith("#")}
        for heading in each.headings:
            score.note("headings", right=_plain_line(heading) in headings)
        rows = {_cells(line) for line in text.split("\n") if line.startswith("|")}
        for row in each.rows:
            score.note("rows", right=tuple(map(_plain_line, row)) in rows)
        pieces = {_plain_line(piece) for block in text.split("\n\n") for piece in (block, *block.split("\n"))}
        for paragraph in each.paragraphs:
            score.note("paragraphs", right=_plain_line(paragraph) in pieces)
        if each.layout is not None:
            score.note("layouts", right=_is_right(each.layout, text))
    return score


def _handbook() -> Iterator[Expected]:
    sources = HANDBOOK / "build" / "sources"
    for source in sorted(sources.rglob("*.pdf.md")):
        manuscript = read_manuscript(source)
        tables = [block.rows for block in manuscript.blocks if isinstance(block, Table)]
        headings = [manuscript.title, *(block.text for block in manuscript.blocks if isinstance(block, Heading))]
        if manuscript.revisions:
            tables.append((("Version", "Date", "Change"), *manuscript.revisions))
            headings.append("Revision history")
        paragraphs = [block.text for block in manuscript.blocks if isinstance(block, Paragraph | Callout)]
        items = [
            f"• {item}"
            for block in manuscript.blocks
            if isinstance(block, Items) and not block.numbered
            for item in block.items
        ]
        yield Expected(
            HANDBOOK / "documents" / source.relative_to(sources).with_suffix(""), tuple(headings),
            tuple(tuple(cell.replace("|", "/") for cell in row) for rows in tables for row in rows), (*paragraphs, *items),
        )  # fmt: skip


def _drawn(folder: Path) -> Iterator[Expected]:
    for number, layout in enumerate(layouts()):
        path = folder / f"{number}.pdf"
        path.write_bytes(layout.data)
        yield Expected(path, layout=layout)


def _machine(more: Path | None) -> Iterator[Expected]:
    """PDFs with an outline: its entries are headings of the text, the numbers in front of them apart."""
    found = [
        path for folder in (MACHINE, more) if folder is not None and folder.exists() for path in sorted(folder.rglob("*.pdf"))
    ]
    for path in found:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError:
            continue
        entries = [entry.get_title() for entry in document.get_toc(max_depth=2)]
        document.close()
        yield Expected(path, headings=tuple(entry for entry in entries if entry.strip()))


def _stoa(paths: Sequence[Path]) -> Iterator[tuple[str, float]]:
    for path in paths:
        data = path.read_bytes()
        began = time.process_time()
        document = read(data, path.name)
        yield _marked(document), time.process_time() - began


def _marked(document: ParsedDocument) -> str:
    """The text with its headings marked as Markdown has them: Stoa keeps them beside the text."""
    text = document.text
    for heading in reversed(document.headings):
        text = f"{text[: heading.start]}{'#' * heading.level} {text[heading.start :]}"
    return text


def _plain(paths: Sequence[Path]) -> Iterator[tuple[str, float]]:
    for path in paths:
        began = time.process_time()
        document = pypdfium2.PdfDocument(path.read_bytes())
        text = "\n".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "\n")
        document.close()
        yield text, time.process_time() - began


def _markitdown(python: Path, paths: Sequence[Path]) -> Iterator[tuple[str, float]]:
    script = ROOT / "bench" / "peers" / "read_pdf.py"
    done = subprocess.run([python, script], input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        yield answer["text"], answer["seconds"]


async def _two_children(paths: Sequence[Path]) -> float:
    """Pages a second of the worker's parser, both of its children busy."""
    parser = ParserProcesses(size=2)
    files = [(path.read_bytes(), path.name, _pages(path)) for path in paths]
    await asyncio.gather(*(parser.parse(files[0][0], name=files[0][1]) for _ in range(2)))  # both are started
    pages, began = 0, time.perf_counter()
    while time.perf_counter() - began < AT_LEAST_S:
        await asyncio.gather(*(parser.parse(data, name=name) for data, name, _ in files))
        pages += sum(count for _, _, count in files)
    taken = time.perf_counter() - began
    await parser.close()
    return pages / taken


def _is_right(layout: Layout, text: str) -> bool:
    """Whether all pieces stand in the text, in order; a heading of any level is one."""
    said, at = re.sub(r"^#+ ", "# ", text, flags=re.MULTILINE), 0
    said = _flat(said)
    for piece in map(_flat, layout.pieces):
        at = said.find(piece, at)
        if at < 0:
            return False
    return True


def _flat(text: str) -> str:
    return " ".join(text.split())


def _plain_line(text: str) -> str:
    """Without marks of Markdown and without the number of a section, which an outline leaves out or has."""
    return re.sub(r"^(?:\d+(?:\.\d+)*\.?|Chapter \d+:?|Appendix [A-Z])\s+", "", _flat(re.sub(r"[*`#]", "", text)))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_plain_line(cell) for cell in line.strip().strip("|").split("|"))


def _pages(path: Path) -> int:
    document = pypdfium2.PdfDocument(path)
    try:
        return len(document)
    finally:
        document.close()


if __name__ == "__main__":
    main()
