"""The guide's examples, as their readers run them: every line of shell on its page about operations."""

import re
import subprocess
from pathlib import Path

import pytest
from tests.conformance.conftest import ROOT, Served
from tests.journeys.conftest import clean_environment

from stoa.gateway.surface import SURFACES

pytestmark = [pytest.mark.slow, pytest.mark.conformance]

PAGE = (ROOT / "docs" / "guide" / "operations.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"\*\*([^*]+)\*\*.*?```sh\n(.*?)```", PAGE, re.DOTALL)
ELSEWHERE = {"/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/responses", "/v2/rerank"}


def test_every_operation_has_an_example() -> None:
    asked = set(re.findall(r"127\.0\.0\.1:8420(/v[12]/[a-z/_]+)", PAGE))
    assert {path.decode() for path in SURFACES} - ELSEWHERE <= asked


@pytest.mark.parametrize(("name", "script"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_works(served: Served, tmp_path: Path, name: str, script: str) -> None:
    (tmp_path / "house.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "talk.mp3").write_bytes(b"ID3" + bytes(range(256)))
    (tmp_path / ".curlrc").write_text("fail-with-body\n")
    done = subprocess.run(
        ["bash", "-euc", script.replace("http://127.0.0.1:8420", served.stoa.url)],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
        env=clean_environment(STOA_KEY=served.key, CURL_HOME=str(tmp_path)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout or name == "Speech."
