"""Ask the example company's sixty questions through the whole of Stoa and score the answers.

Each question is asked of `assistant/handbook` with a key that holds exactly the groups named in `asked_by`. Reported:

- answered right: an accepted string stands in the answer (for two-document questions: one for each fact)
- right passage cited: a citation's document is a source of the question and its passage holds the source passage
- cited or pointed to: the same, or one of the passages that a refusal names as the closest
- refused: of the unanswerable, and of those whose answer is only in documents that the asker may not read
- leaks: citations, or passages pointed to, of a restricted document in an answer to somebody outside its group; must be zero
- citation precision: of all citations given to answerable questions, those of a source document

Answerable questions are asked a second time `in_other_words`, which share few or no words with the document: harder than the
rest, and reported in a row of its own.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import yaml

from report import ROOT, report, wilson
from running import Running, running

HANDBOOK = ROOT / "examples" / "handbook"
RESTRICTED = ("hr", "research", "finance")


@dataclass(frozen=True)
class Asked:
    """One question with what came back: the entries of `stoa.citations` and of `stoa.closest`."""

    question: dict[str, Any]
    text: str
    citations: Sequence[dict[str, Any]]
    closest: Sequence[dict[str, Any]]
    seconds: float

    @property
    def refused(self) -> bool:
        return not self.citations

    @property
    def right(self) -> bool:
        needed = self.question.get("answers_all") or [self.question["answers"]]
        said = _plain(self.text)
        return all(any(_plain(accepted) in said for accepted in variants) for variants in needed)

    @property
    def sources_cited(self) -> int:
        """How many of the question's sources stand behind the answer."""
        return sum(any(_supports(citation, source) for citation in self.citations) for source in self.question["sources"])

    @property
    def shown(self) -> bool:
        """Whether a source is among the passages that were cited or pointed to."""
        told = [*self.citations, *self.closest]
        return any(_supports(citation, source) for citation in told for source in self.question["sources"])

    @property
    def leaks(self) -> int:
        groups = set(self.question["asked_by"])
        return sum(
            any(c["path"].startswith(f"{g}/") or c["path"].split("/")[0] == g for g in RESTRICTED if g not in groups)
            for c in [*self.citations, *self.closest]
        )


def main() -> None:
    questions = yaml.safe_load((HANDBOOK / "questions.yaml").read_text(encoding="utf-8"))
    questions = questions["questions"] if isinstance(questions, dict) else questions
    with running(example=True) as stoa:
        keys: dict[tuple[str, ...], str] = {}
        asked = [_ask(stoa, keys, question, question["question"]) for question in questions]
        reworded = [_ask(stoa, keys, q, q["in_other_words"]) for q in questions if q["expect"] == "answer"]
    rows = [
        _row("single passage", [a for a in asked if a.question["kind"] == "single"]),
        _row("two documents", [a for a in asked if a.question["kind"] == "two_documents"]),
        _row("restricted, asked by the group", [a for a in asked if _is(a, "restricted", "answer")]),
        _row("all answerable", [a for a in asked if a.question["expect"] == "answer"]),
        _row("all answerable, in other words", reworded),
        _row("unanswerable", [a for a in asked if a.question["kind"] == "unanswerable"]),
        _row("near misses", [a for a in asked if a.question["kind"] == "near_miss"]),
        _row("restricted, asked by others", [a for a in asked if _is(a, "restricted", "refuse")]),
    ]
    wrong = [f"{a.question['id']}: {a.question['question']} > {a.text[:160]!r}" for a in asked if not _as_expected(a)]
    report("handbook", rows, notes=[f"not as expected, {len(wrong)}:", *wrong])


def _ask(stoa: Running, keys: dict[tuple[str, ...], str], question: dict[str, Any], wording: str) -> Asked:
    groups = tuple(sorted(question["asked_by"]))
    if groups not in keys:
        keys[groups] = stoa.key("-".join(("bench", *groups)), groups=groups)
    body = {"model": "assistant/handbook", "messages": [{"role": "user", "content": wording}]}
    started = time.perf_counter()
    answer: Any = stoa.post("/v1/chat/completions", body, key=keys[groups])
    seconds = time.perf_counter() - started
    stoa_told = answer["stoa"]
    text = answer["choices"][0]["message"]["content"]
    return Asked(question, text, stoa_told["citations"], stoa_told.get("closest", []), seconds)


def _row(name: str, asked: Sequence[Asked]) -> dict[str, str | float | None]:
    answerable = bool(asked) and asked[0].question["expect"] == "answer"
    n = len(asked)
    right = sum(a.right and not a.refused for a in asked)
    cited = sum(a.sources_cited > 0 for a in asked)
    refused = sum(a.refused for a in asked)
    given = [c for a in asked for c in a.citations]
    precise = sum(any(_same_path(c["path"], s["path"]) for s in a.question["sources"]) for a in asked for c in a.citations)
    low, high = wilson(cited if answerable else refused, n)
    return {
        "questions": name,
        "n": n,
        "answered right": right / n if answerable else None,
        "right passage cited": cited / n if answerable else None,
        "cited or pointed to": sum(a.shown for a in asked) / n if answerable else None,
        "all sources cited": sum(a.sources_cited == len(a.question["sources"]) for a in asked) / n if answerable else None,
        "citation precision": precise / len(given) if answerable and given else None,
        "refused": refused / n,
        "95 % interval": f"{low:.2f}-{high:.2f}",
        "leaks": sum(a.leaks for a in asked),
        "p50 ms": median(a.seconds for a in asked) * 1000,
    }


def _as_expected(asked: Asked) -> bool:
    if asked.question["expect"] == "refuse":
        return asked.refused
    return asked.right and asked.sources_cited > 0


def _is(asked: Asked, kind: str, expect: str) -> bool:
    return asked.question["kind"] == kind and asked.question["expect"] == expect


def _supports(citation: dict[str, Any], source: dict[str, str]) -> bool:
    """The citation is of the source's document and its passage shares most of the source passage's words."""
    words = set(re.findall(r"\w+", _plain(source["passage"])))
    shared = words & set(re.findall(r"\w+", _plain(citation["passage"])))
    return _same_path(citation["path"], source["path"]) and len(shared) >= 0.8 * len(words)


def _same_path(cited: str, source: str) -> bool:
    return source == cited or source.endswith(f"/{cited}")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\[\d+\]|[|*_`#]", " ", text)).strip().casefold()


if __name__ == "__main__":
    main()
