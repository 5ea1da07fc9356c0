"""How many tokens a text has before a model has told it: how far off each way of counting is, and what it costs.

Against OpenAI's o200k_base and cl100k_base, which count exactly as OpenAI's own package does: Stoa's estimate, and the four
characters a token that are common. English is BeerQA's passages and questions in ../shared/data and the guide, code and JSON
are this repository's and its packages', the other languages are the messages of TypeScript's compiler, which come with the
page's packages. What is not there is left out, and said so. Long prompts are the same texts put together, of which a tokenizer
counts parts; the figures of time are of one core, with whatever else the machine does.
"""

import json
import time
from collections.abc import Callable, Sequence
from statistics import mean, median

from report import ROOT, Row, report
from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.vocabularies.file import FileTokenizer
from stoa.adapters.vocabularies.openai import Encoding
from stoa.domain.tokenizers import ENCODINGS, Tokenizer
from stoa.gateway.counting.estimate import tokens_in, tokens_in_text
from stoa.gateway.counting.gauge import Gauge, counted

DATA = ROOT.parent / "shared" / "data"
PACKAGES = ROOT / "web" / "node_modules"
LANGUAGES = {
    "German": "de", "French": "fr", "Spanish": "es", "Italian": "it", "Portuguese": "pt-br", "Polish": "pl", "Czech": "cs",
    "Turkish": "tr", "Russian": "ru", "Japanese": "ja", "Korean": "ko", "Chinese, simplified": "zh-cn",
    "Chinese, traditional": "zh-tw",
}  # fmt: skip
MOST = 6000
"""Characters of one text."""
LONG = (20_000, 100_000, 800_000)
QUESTION = "What is the refund policy for a ticket that was bought by somebody else?"


def main() -> None:
    rows: list[Row] = []
    encodings = {name: Encoding(name) for name in ENCODINGS}
    texts = {name: found for name, found in sets().items() if found}
    for name, found in texts.items():
        for encoding, tokenizer in encodings.items():
            exact = [tokenizer.count(text) for text in found]
            row: dict[str, str | int | float] = {"what": f"{name}, against {encoding}", "texts": len(found)}
            for way, count in WAYS.items():
                off = [count(text) / real - 1 for text, real in zip(found, exact, strict=True)]
                row |= {f"{way} %": round(100 * mean(map(abs, off)), 1), f"{way}, with its sign %": round(100 * mean(off), 1)}
            rows.append(row)
    prose = "\n\n".join(texts.get("English prose", texts["code"]) + texts["code"])
    rows += [row for name, tokenizer in tokenizers().items() for row in long_texts(name, tokenizer, prose)]
    rows += costs(prose)
    report("tokens", rows)


WAYS: dict[str, Callable[[str], float]] = {"estimate": tokens_in_text, "four characters a token": lambda text: len(text) / 4}


def sets() -> dict[str, list[str]]:
    found = {
        "English prose": [*lines("beerqa_passages.jsonl", "text", 400), *files("docs/guide/*.md")],
        "English questions": lines("beerqa_questions_dev.jsonl", "question", 300),
        "code": [*files("src/stoa/**/*.py")[:300], *files("web/src/**/*.ts*")[:100]],
        "JSON": [*files("bench/results/*.json"), *files("web/node_modules/*/package.json")][:200],
    }
    for language, code in LANGUAGES.items():
        path = PACKAGES / "typescript" / "lib" / code / "diagnosticMessages.generated.json"
        said = list(json.loads(path.read_text(encoding="utf-8")).values()) if path.is_file() else []
        found[language] = [" ".join(said[at : at + 20]) for at in range(0, len(said), 20)][:100]
    for name, each in found.items():
        if not each:
            print(f"{name}: left out, since its texts are not there")
    return found


def lines(name: str, field: str, most: int) -> list[str]:
    path = DATA / name
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line)[field] for line, _ in zip(file, range(most), strict=False)]


def files(pattern: str) -> list[str]:
    texts = (path.read_text(encoding="utf-8")[:MOST] for path in sorted(ROOT.glob(pattern)))
    return [text for text in texts if len(text) > 300]


def tokenizers() -> dict[str, Tokenizer]:
    return {"o200k_base": Encoding("o200k_base"), "a tokenizer.json (WordPiece)": FileTokenizer(minilm_tokenizer())}


def long_texts(name: str, tokenizer: Tokenizer, prose: str) -> Sequence[Row]:
    """How far off a count by parts is, over prompts that begin at eight places."""
    rows: list[Row] = []
    for size in LONG:
        if size > len(prose):
            continue
        starts = range(0, max(1, len(prose) - size), max(1, (len(prose) - size) // 8))
        whole = [prose[start : start + size] for start in starts]
        off = [abs(counted((text,), tokenizer) / tokenizer.count(text) - 1) for text in whole]
        what = f"counted by parts: {name}, {size:,} characters"
        rows.append(
            {"what": what, "texts": len(off), "off %": round(100 * mean(off), 1), "at most %": round(100 * max(off), 1)}
        )
    return rows


def costs(prose: str) -> Sequence[Row]:
    rows: list[Row] = []
    bodies = {"a question of 72 characters": QUESTION, "2,000 characters": prose[:2000], "100,000 characters": prose[:100_000]}
    for what, text in bodies.items():
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
        rows.append({"what": f"time of the estimate, {what}", "us": us(lambda body=body: tokens_in(body))})
        for name, tokenizer in tokenizers().items():
            gauge = Gauge(name, lambda gauge: None)
            gauge.tokenizer = tokenizer
            took = us(lambda body=body, gauge=gauge: gauge.read(body, "chat"))
            rows.append({"what": f"time of {name}, {what}", "us": took})
    return rows


def us(call: Callable[[], object]) -> float:
    """Median of nine rounds, of at least ten milliseconds each."""
    once = time.perf_counter()
    call()
    times = max(1, int(0.01 / max(1e-7, time.perf_counter() - once)))
    rounds: list[float] = []
    for _ in range(9):
        began = time.perf_counter()
        for _ in range(times):
            call()
        rounds.append((time.perf_counter() - began) / times * 1e6)
    return round(median(rounds), 1)


if __name__ == "__main__":
    main()
