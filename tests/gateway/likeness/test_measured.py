"""The judgement over a public set of pairs, by its own labels and by words alone; `make bench-cache` adds the vectors."""

import json
from pathlib import Path

import pytest

from stoa.gateway.likeness.judgement import NEAR, judge
from stoa.gateway.likeness.reading import read

PAIRS = Path(__file__).parents[4] / "shared" / "data" / "question_pairs_dev.jsonl"


@pytest.mark.slow
@pytest.mark.skipif(not PAIRS.is_file(), reason=f"{PAIRS} is not there")
def test_hits_are_right_and_not_too_rare() -> None:
    pairs = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    hits = [pair for pair in pairs if judge(read(pair["text_a"]), read(pair["text_b"]), NEAR).same]
    right = sum(pair["label"] for pair in hits)
    assert right / len(hits) >= 0.95
    assert right / sum(pair["label"] for pair in pairs) >= 0.07
