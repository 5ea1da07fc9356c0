"""One loaded model for all tests of the engines; its graph is built once a run, into a folder that goes away."""

import pytest

from stoa.adapters.engines.embedder import MiniLM


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    return MiniLM(tmp_path_factory.mktemp("models"), threads=1)
