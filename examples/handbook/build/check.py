"""Checks that the questions fit the documents: passages are there, answers are in them, and what is refused is not known.

    .venv/bin/python examples/handbook/build/check.py

Runs with the packages that read documents in Stoa itself: markitdown, pypdfium2, pyyaml. Passages and answers are compared
after whitespace is collapsed; an accepted answer may also be another spelling of what the passage says ("8 weeks" for "eight
weeks", "€40" for "EUR 40").
"""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import yaml
from markitdown import MarkItDown

HANDBOOK = Path(__file__).resolve().parent.parent
DOCUMENTS = HANDBOOK / "documents"
KINDS = {"single": 32, "two_documents": 8, "unanswerable": 12, "restricted": 8, "near_miss": 5}
FIELDS = {"id", "question", "in_other_words", "asked_by", "answers", "answers_all", "sources", "kind", "expect"}

# What an answer to a question without an answer would say; none of it may stand in any document.
ABSENT = {
    "notice-when-resigning": r"resign|notice period",
    "dog-at-work": r"\bdogs? (at|in|to)|\bpets?\b",
    "gluten-in-cardelva": r"gluten",
    "price-of-charging": r"charging (price|fee|tariff)|per kilowatt hour at",
    "former-chief-executive": r"predecessor|former chief executive|previous chief executive",
    "wedding-leave": r"wedding|own marriage",
    "fume-hood-contractor": r"fume hoods? .{0,40}(tested|inspected) by (?!an outside)",
    "canteen-carrow-mill": r"canteen in carrow",
    "laptop-brand": r"thinkpad|macbook|latitude|elitebook",
    "insuvara-in-francs": r"\bCHF\b|francs|switzerland",
    "sick-days-per-head": r"sick days|sickness rate|days of illness per",
    "immurel-launch": r"immurel was launched|launch of immurel|launched immurel",
    "business-cards": r"business cards?",
    "share-price": r"share price|stock price",
    "dress-code": r"dress code",
    "language-course": r"language course",
    "printer": r"printer",
}

# What the restricted questions ask for; it may stand in documents of the group only.
WITHHELD = {
    "hr": (r"69.?700", r"born early|premature|37th week"),
    "research": (r"half-life", r"OLB-417"),
    "finance": (r"78\.4", r"gross margin"),
}

_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def main() -> None:
    """Print what is wrong, then the counts; exits with 1 when anything is wrong."""
    texts = {str(path.relative_to(DOCUMENTS)): _extract(path) for path in sorted(DOCUMENTS.rglob("*")) if path.is_file()}
    questions = yaml.safe_load((HANDBOOK / "questions.yaml").read_text(encoding="utf-8"))
    wrong = [*_counts(questions), *_withheld(texts), *_absent(questions, texts)]
    for question in questions:
        wrong += [f"{question['id']}: {fault}" for fault in _faults(question, texts)]
    for fault in wrong:
        print(fault)
    words = sum(len(text.split()) for text in texts.values())
    print(f"{len(texts)} documents, {words:,} words, {len(questions)} questions, {len(wrong)} faults")
    raise SystemExit(1 if wrong else 0)


def _extract(path: Path) -> str:
    if path.suffix == ".pdf":
        text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))
    elif path.suffix in {".md", ".csv"}:
        text = path.read_text(encoding="utf-8")
    else:
        text = MarkItDown().convert(path).text_content
    return _collapse(text)


def _counts(questions: list[dict[str, Any]]) -> list[str]:
    counted = Counter(question["kind"] for question in questions)
    repeated = [name for name, times in Counter(question["id"] for question in questions).items() if times > 1]
    faults = [
        f"{kind}: {counted[kind]} questions instead of {wanted}" for kind, wanted in KINDS.items() if counted[kind] != wanted
    ]
    return faults + [f"{name}: the id is used twice" for name in repeated]


def _faults(question: dict[str, Any], texts: dict[str, str]) -> list[str]:
    faults = [f"unknown field {name!r}" for name in question.keys() - FIELDS]
    sources = question["sources"]
    if question["expect"] == "refuse":
        return faults + ["is refused, but has sources or answers"] * bool(sources or question["answers"])
    groups = [*question.get("answers_all", []), *([question["answers"]] if question["answers"] else [])]
    if not groups or not sources:
        return [*faults, "has no answers or no sources"]
    readable = {"company", *question["asked_by"]}
    for source in sources:
        path, passage = source["path"], _collapse(source["passage"])
        if path not in texts:
            faults.append(f"no document {path!r}")
        elif passage not in texts[path]:
            faults.append(f"{path!r} does not say {passage!r}")
        if path.split("/")[0] not in readable:
            faults.append(f"the asker may not read {path!r}")
    told = [_plain(source["passage"]) for source in sources]
    faults += [
        f"no passage says {text!r}" for group in groups for text in group if not any(_plain(text) in each for each in told)
    ]
    if question["kind"] == "two_documents":
        if len({source["path"] for source in sources}) < 2:
            faults.append("needs sources in two documents")
        if any(all(any(_plain(text) in each for text in group) for group in groups) for each in told):
            faults.append("one passage answers it all")
    return faults


def _absent(questions: list[dict[str, Any]], texts: dict[str, str]) -> list[str]:
    unanswerable = {question["id"] for question in questions if question["kind"] in ("unanswerable", "near_miss")}
    faults = [f"{name}: no line in ABSENT, or no such question" for name in unanswerable ^ ABSENT.keys()]
    for name, pattern in ABSENT.items():
        faults += [
            f"{name}: {path!r} says {hit[0]!r}"
            for path, text in texts.items()
            if (hit := re.search(pattern, text, re.IGNORECASE))
        ]
    return faults


def _withheld(texts: dict[str, str]) -> list[str]:
    return [
        f"{path!r} says {hit[0]!r}, which only {group!r} may know"
        for group, patterns in WITHHELD.items()
        for pattern in patterns
        for path, text in texts.items()
        if not path.startswith(f"{group}/") and (hit := re.search(pattern, text, re.IGNORECASE))
    ]


def _collapse(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    """One spelling for numbers, money, percentages and dates."""
    text = _collapse(text).lower()
    text = re.sub(r"\b(\d{4})-(\d\d)-(\d\d)\b", lambda found: _spell(date(*map(int, found.groups()))), text)
    text = re.sub(r"\b(" + "|".join(_WORDS) + r")\b", lambda found: str(_WORDS.index(found[1]) + 1), text)
    text = re.sub(r"(\d),(\d{3})(?!\d)", r"\1\2", text)
    text = re.sub(r"days\b", "day", text)
    text = re.sub(r"€ ?(\d)", r"eur \1", text)
    text = re.sub(r"(\d[\d.]*) euros?\b", r"eur \1", text)
    return re.sub(r"(\d) ?%", r"\1%", text)


def _spell(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}".lower()


if __name__ == "__main__":
    main()
