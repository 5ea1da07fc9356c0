"""Parts of jobs over many documents."""

from pathlib import Path

import pytest

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.knowledge.parts import PART_DOCUMENTS, PARTITION_DOCUMENTS, Processors, read_part
from stoa.knowledge.process import Pipeline


@pytest.fixture
def processors(tmp_path: Path) -> Processors:
    pipeline = Pipeline(objects=ObjectFolder.local(tmp_path), parser=DirectParser(), splitter=WordSplitter())
    return Processors(few=pipeline, partitioned=pipeline, many=600)


def documents(count: int) -> list[tuple[str, int]]:
    return [(f"doc-{number}", 10) for number in range(count)]


def test_partitions_say_which_they_are(processors: Processors) -> None:
    parts = [read_part(part) for part in processors.parts(documents(PARTITION_DOCUMENTS + 100))]
    assert [(len(part.ids), part.large, part.said) for part in parts] == [
        (PARTITION_DOCUMENTS, True, "Partition 1 of 2."),
        (100, True, "Partition 2 of 2."),
    ]


def test_parts_of_small_jobs_say_nothing(processors: Processors) -> None:
    parts = [read_part(part) for part in processors.parts(documents(PART_DOCUMENTS + 4))]
    assert [(len(part.ids), part.large, part.said) for part in parts] == [(128, False, None), (4, False, None)]


def test_parts_that_an_older_worker_planned_are_read(processors: Processors) -> None:
    ids = ",".join(name for name, _ in documents(500))
    assert read_part(f"{ids}#512")[1:] == (True, True, None)
