"""Whether what an answer says is told from what its passages do not say.

On BeerQA's development half, which lies beside the checkout and never in it: stoa-reader's answers, which quote word for word,
and questions put as statements with their answer, which are people's own words for what a passage says; all of them true. Then
the same with one thing changed: a number, a name, the passage it names, a `not`. A share with its 95 % interval.
"""

import json
import math
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

from report import ROOT, Row, report, wilson
from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.evidence import NumberedPassage, Weigher
from stoa.adapters.engines.reader import Reader
from stoa.adapters.engines.writing import Quote, written
from stoa.domain.passages import Passage
from stoa.gateway.verification.verify import verify

DATA = ROOT.parent / "shared" / "data"
OTHERS = 7
_ASKS = re.compile(r"\b(?:what|which|who|whom|whose|where|when|why|how (?:many|much|long|old|often|far)|how)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """One question with its gold passages first, then the ones that share most of its words."""

    question: str
    answers: Sequence[str]
    passages: Sequence[Passage]
    gold: int


@dataclass(frozen=True)
class Said:
    """A sentence that cites the passage of this number."""

    text: str
    number: int
    passages: Sequence[Passage]


Change = Callable[[Said, random.Random], Said | None]


def main() -> None:
    if not (DATA / "beerqa_passages.jsonl").is_file():
        raise SystemExit("BeerQA's development half is not beside the checkout (../shared/data).")
    with tempfile.TemporaryDirectory() as models:
        model = MiniLM(Path(models), threads=1)
        cases = list(_cases())
        reader = Reader(Weigher(model))
        answers = [(case, reader.read(case.question, _numbered(case.passages))) for case in cases]
    quoted = [Said(quote.text, quote.number, case.passages) for case, quotes in answers for quote in quotes]
    told = list(_told(cases))
    rows: list[Row] = [_whole_answers(answers)]
    for name, true in (("quoted by stoa-reader", quoted), ("a question with its answer", told)):
        rows.append(_share(name, "true", [_is_flagged(said) for said in true]))
        for what, change in CHANGES.items():
            draw = random.Random(what)
            changed = [other for said in true if (other := change(said, draw)) is not None]
            rows.append(_share(name, what, [_is_flagged(said) for said in changed]))
    report("verification", rows, notes=[_speed(answers)])


def _whole_answers(answers: Sequence[tuple[Case, Sequence[Quote]]]) -> Row:
    """Sentence by sentence, as cut out of the answer."""
    flagged = [check.state != "supported" for case, quotes in answers for check in verify(written(quotes), case.passages)]
    return _share("whole answers of stoa-reader", "true", flagged)


def _is_flagged(said: Said) -> bool:
    return any(check.state == "unsupported" for check in verify(f"{said.text} [{said.number}]", said.passages))


def _speed(answers: Sequence[tuple[Case, Sequence[Quote]]]) -> str:
    seconds: list[float] = []
    for case, quotes in answers:
        text = written(quotes)
        started = time.perf_counter()
        verify(text, case.passages)
        seconds.append(time.perf_counter() - started)
    return (
        f"an answer of stoa-reader among its passages: median {median(seconds) * 1e6:.0f} us, most {max(seconds) * 1e3:.1f} ms"
    )


def _numbered(passages: Sequence[Passage]) -> list[NumberedPassage]:
    return [NumberedPassage(n, passage.title, passage.text) for n, passage in enumerate(passages, 1)]


def _told(cases: Sequence[Case]) -> Iterator[Said]:
    """A question that one passage answers, with the answer in the place of the word that asks."""
    for case in cases:
        answer = case.answers[0]
        asks = _ASKS.search(case.question)
        if case.gold == 1 and answer.lower() not in ("yes", "no") and asks is not None:
            before, after = case.question[: asks.start()], case.question[asks.end() :].rstrip("? ")
            yield Said(f"{before}{answer}{after}.", 1, case.passages)


# --- what is changed


def _number(said: Said, draw: random.Random) -> Said | None:
    """One with as many digits."""

    def another(digits: str) -> str:
        while (new := str(draw.randrange(10 ** (len(digits) - 1), 10 ** len(digits)))) == digits:
            pass
        return new

    return _replaced(said, draw, another)


def _number_of_the_passage(said: Said, draw: random.Random) -> Said | None:
    text = said.passages[said.number - 1].text
    return _replaced(said, draw, lambda number: _one_of(re.findall(r"\b\d+\b", text), draw, but=re.findall(r"\d+", said.text)))


def _replaced(said: Said, draw: random.Random, another: Callable[[str], str | None]) -> Said | None:
    found = list(re.finditer(r"(?<![\d.,])\d+(?![\d.,]*\d)", said.text))
    if not found:
        return None
    at = draw.choice(found)
    new = another(at[0])
    return None if new is None else Said(said.text[: at.start()] + new + said.text[at.end() :], said.number, said.passages)


def _name_of_another(said: Said, draw: random.Random) -> Said | None:
    own = said.passages[said.number - 1]
    others = " ".join(each.text for n, each in enumerate(said.passages, 1) if n != said.number)
    held = f"{own.title} {own.text}".lower()
    return _renamed(said, draw, [name for name in _names(others) if name.lower() not in held])


def _name_of_the_passage(said: Said, draw: random.Random) -> Said | None:
    return _renamed(said, draw, _names(said.passages[said.number - 1].text))


def _renamed(said: Said, draw: random.Random, names: Sequence[str]) -> Said | None:
    found = _names(said.text)
    if not found:
        return None
    old = draw.choice(found)
    new = _one_of(names, draw, but=[name for name in names if name in said.text or old in name])
    return None if new is None else Said(said.text.replace(old, new, 1), said.number, said.passages)


def _names(text: str) -> list[str]:
    """Runs of two or more capitalised words."""
    return re.findall(r"\b[A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)+\b", text)


def _another_passage(said: Said, draw: random.Random) -> Said | None:
    """The one of another document that shares most words with the question."""
    title = said.passages[said.number - 1].title
    held = [n for n, each in enumerate(said.passages, 1) if each.title != title and said.text not in each.text]
    return Said(said.text, held[0], said.passages) if held else None


def _denied(said: Said, draw: random.Random) -> Said | None:
    text, times = re.subn(r"\b(is|are|was|were|can|could|has|had|will|did|does)\b(?! not)", r"\1 not", said.text, count=1)
    return Said(text, said.number, said.passages) if times and " not " not in f" {said.text} " else None


def _one_of(choices: Sequence[str], draw: random.Random, *, but: Sequence[str]) -> str | None:
    left = [choice for choice in choices if choice not in but]
    return draw.choice(left) if left else None


CHANGES: dict[str, Change] = {
    "another number": _number,
    "another number of the passage": _number_of_the_passage,
    "a name of another passage": _name_of_another,
    "another name of the passage": _name_of_the_passage,
    "the nearest other document cited": _another_passage,
    "not": _denied,
}


def _share(on: str, what: str, flagged: Sequence[bool]) -> Row:
    hits, of = sum(flagged), len(flagged)
    low, high = wilson(hits, of)
    share = round(hits / of, 3) if of else None
    return {"sentences": on, "changed": what, "unsupported": share, "low": round(low, 3), "high": round(high, 3), "of": of}


def _cases() -> Iterator[Case]:
    passages = [json.loads(line) for line in (DATA / "beerqa_passages.jsonl").read_text(encoding="utf-8").splitlines()]
    questions = [json.loads(line) for line in (DATA / "beerqa_questions_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    words = [set(re.findall(r"\w+", f"{passage['title']} {passage['text']}".lower())) for passage in passages]
    common = Counter(chain.from_iterable(words))
    for question in questions:
        gold: list[int] = question["passages"]
        asked = set(re.findall(r"\w+", question["question"].lower()))
        near = [sum(math.log(len(passages) / common[word]) for word in asked & each) for each in words]
        order = sorted(range(len(passages)), key=lambda at: (-near[at], at))
        chosen = [*gold, *[at for at in order if at not in gold][:OTHERS]]
        yield Case(question["question"], question["answers"], [_passage(passages[at]) for at in chosen], len(gold))


def _passage(fields: dict[str, str]) -> Passage:
    title, text = fields["title"], fields["text"]
    return Passage(str(fields["id"]), str(fields["id"]), "beerqa", title, title, (), None, 0, len(text), text, 0.0)


if __name__ == "__main__":
    main()
