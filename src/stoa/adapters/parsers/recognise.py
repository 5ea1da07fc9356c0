"""Recognising the text of pictures with Tesseract, a program that is run where it is installed.

Nothing is written to disk: a picture goes into the program and words with their places come out of it, which are then read
like those of any other page. Handwriting is not recognised, and a table only where its cells stand well apart.
"""

import csv
import subprocess
import time
from statistics import median

import pypdfium2 as pdfium

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.pdf_words import Font, PageWords, Word
from stoa.adapters.parsers.recognition import Recognition

_DPI = 300
_MOST_PIXELS = 20_000_000
_LONGEST_S = 60.0
"""For one page."""

_LEAST_CONFIDENCE = 20.0
_WORD = "5"
_USUAL = (0.75, 1.35)
"""Lines whose height is within this share of the usual one are set in the usual size: heights differ with their letters."""


class Recogniser:
    """Reads pictures until `until`, a moment of the monotonic clock; `used` is whether it did."""

    def __init__(self, recognition: Recognition, *, until: float) -> None:
        self._recognition, self._until = recognition, until
        self.used = False

    @property
    def version(self) -> str:
        """The program and its version, as it says them itself."""
        said = self._run(["--version"], b"")
        return said.decode("utf-8", "replace").split("\n", 1)[0].strip()[:60] if said else "tesseract"

    def page(self, page: pdfium.PdfPage) -> PageWords | None:
        """The words of a page of a PDF; None where the program failed or its time was over."""
        scale = _DPI / 72
        pixels = page.get_width() * page.get_height() * scale * scale
        if pixels > _MOST_PIXELS:
            scale *= (_MOST_PIXELS / pixels) ** 0.5
        bitmap = page.render(scale=scale, grayscale=True)  # pyright: ignore[reportArgumentType] - it takes fractions
        try:
            data, width, height, stride = bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride
        finally:
            bitmap.close()
        rows = data if stride == width else b"".join(data[n * stride : n * stride + width] for n in range(height))
        return self.picture(b"P5 %d %d 255\n" % (width, height) + rows, height=page.get_height(), scale=scale)

    def picture(self, data: bytes, *, height: float = 0.0, scale: float = _DPI / 72) -> PageWords | None:
        """The words of a picture of a kind that the program knows. `height` is in points, `scale` in pixels a point."""
        said = self._run(["stdin", "stdout", "-l", self._recognition.languages, "tsv"], data)
        if said is None:
            return None
        self.used = True
        return PageWords(_words(said.decode("utf-8", "replace"), height, scale), [Font()])

    def _run(self, arguments: list[str], data: bytes) -> bytes | None:
        left = min(self._until - time.monotonic(), _LONGEST_S)
        if left <= 0:
            return None
        try:
            done = subprocess.run(
                [self._recognition.command, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                timeout=left, check=True, env={"LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1"},
            )  # fmt: skip
        except (subprocess.SubprocessError, OSError):
            return None
        return done.stdout


def _words(table: str, height: float, scale: float) -> list[Word]:
    """From Tesseract's table of boxes, in pixels and y downwards."""
    found: list[tuple[tuple[str, ...], str, float, float, float, float]] = []
    for row in csv.DictReader(table.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = clean(row.get("text") or "").strip()
        try:
            if row.get("level") != _WORD or not text or float(row.get("conf") or -1) < _LEAST_CONFIDENCE:
                continue
            left, top, width, tall = (float(row[name]) / scale for name in ("left", "top", "width", "height"))
        except (KeyError, ValueError):
            continue
        line = tuple(row.get(name) or "" for name in ("page_num", "block_num", "par_num", "line_num"))
        found.append((line, text, left, left + width, height - top - tall, tall))
    lines: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    for line, *_, bottom, tall in found:
        lines.setdefault(line, []).append((bottom, tall))
    tallest = {line: max(tall for _, tall in words) for line, words in lines.items()}
    usual = median(tallest.values()) if tallest else 1.0
    sizes = {line: usual if _USUAL[0] * usual < tall < _USUAL[1] * usual else tall for line, tall in tallest.items()}
    bases = {line: median(bottom for bottom, _ in words) for line, words in lines.items()}
    return [Word(text, left, right, bases[line], max(sizes[line], 1.0)) for line, text, left, right, _, _ in found]
