"""One loaded model for all tests of the engines; its graph is built once a run, into a folder that goes away."""

from pathlib import Path

import pytest

from stoa.adapters.engines.embedder import MiniLM


@pytest.fixture(scope="session")
def minilm(models_folder: Path) -> MiniLM:
    return MiniLM(models_folder, threads=1)
