"""A whole Stoa in front of the scripted upstream, and the outside suites, each run as a process of its own environment."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.conformance.upstream.server import ANTHROPIC_MODELS, EMBEDDING_MODELS, KEY, OPENAI_MODELS, OPERATION_MODELS
from tests.journeys.conftest import RunningStoa, clean_environment, start
from tests.shared_running import shared

MODELS = ("gpt-5-script", "claude-sonnet-4-script")
"""One behind each wire form of an upstream: OpenAI's chat, and Anthropic's messages."""
CROSSED = {"anthropic": "claude-sonnet-4-of-openai", "openai-chat": "gpt-5-of-anthropic"}
"""Models behind the other form, named so that a suite which goes by a maker's names asks all that it asks of that maker."""
CACHED = ("gpt-5-cached", "claude-sonnet-4-cached")
"""The same two once more, whose answers are kept and given again."""
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".build" / "suites" / "bin" / "python"
"""The environment of the suites; `make conformance` makes it."""
_UPSTREAM = f"""\
kind: Provider
name: scripted
base_url: {{url}}/v1
api_key: {KEY}
speaks: [chat]
---
kind: Provider
name: scripted-anthropic
type: anthropic
base_url: {{url}}/anthropic/v1
api_key: {KEY}
"""
_MODEL = """\
---
kind: Model
name: {name}
provider: {provider}
operation: {operation}
upstream_name: {upstream_name}
price: {{input_per_million: "1", output_per_million: "4"}}
"""
_FRESH = """\
---
kind: Route
name: {name}
targets: [{{model: {name}-behind}}]
cache: false
"""
"""A suite must not be given what another was answered: from the cache a stream comes in one piece."""

GUIDE_MODELS = {
    "gpt-4o": ("gpt-4o-script", "chat"),
    "text-embedding-3-small": ("embed-script", "embedding"),
    "rerank-v3.5": ("rank-script", "rerank"),
    "omni-moderation-latest": ("judge-script", "moderation"),
    "gpt-image-1": ("draw-script", "image"),
    "gpt-4o-mini-tts": ("say-script", "speech"),
    "whisper-1": ("hear-script", "transcription"),
}
"""The guide's models: what each is upstream, and what it does."""


@dataclass(frozen=True)
class Served:
    """A Stoa that serves the scripted models, and what a client needs for it."""

    stoa: RunningStoa
    upstream: str
    key: str
    manager: str
    """A management key."""

    @property
    def base_url(self) -> str:
        return f"{self.stoa.url}/v1"


@dataclass
class Verdict:
    """What a suite says of each of its checks; `skipped` with its reasons."""

    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What failed and why, a line each; empty when all is well."""
        return "\n".join(f"{name}: {why}" for name, why in self.failed.items())


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The URL of the scripted upstream."""
    with scripted_upstream() as url:
        yield url


@contextmanager
def scripted_upstream() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.conformance.upstream.server"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the scripted upstream did not start"
            yield url
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return shared("served", lambda: _serve(upstream, tmp_path_factory.mktemp("conformance")))


@contextmanager
def _serve(upstream: str, folder: Path) -> Iterator[Served]:
    with start(folder) as stoa:
        resources = folder / "scripted.yaml"
        resources.write_text(_resources(upstream), encoding="utf-8")
        applied = stoa.stoa("apply", "-f", str(resources))
        assert applied.returncode == 0, applied.stderr
        key = stoa.key("conformance", "--requests-per-minute", "none")
        manager = stoa.key("conformance-manager", "--kind", "management", "--role", "administrator")
        yield Served(stoa, upstream, key, manager)


def node() -> Path:
    """The Node that the page is built with."""
    named = Path((ROOT / ".build" / "node").read_text(encoding="utf-8").strip()) / "node"
    found = named if named.exists() else Path(shutil.which("node") or named)
    assert found.exists(), f"there is no Node at {found}: make .build/node makes one"
    return found


def run_tool(
    command: Sequence[str | Path], *, timeout_s: int = 120, folder: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a suite, whose modules are compiled once. It sees no key, proxy or setting of the one who runs the tests."""
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(PYTHON.parents[2] / "pycache")}
    assert PYTHON.exists(), f"{PYTHON} is not there: make .build/conformance makes the environment of the outside suites"
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, check=False, cwd=folder, timeout=timeout_s,
        env=clean_environment(**kept, **environment),
    )  # fmt: skip


def run_pytest(suite: str, report: Path, *, timeout_s: int = 120, **environment: str) -> Verdict:
    """Run a file of `suites/` with the suites' own pytest."""
    folder = ROOT / "tests" / "conformance" / "suites"
    options = ["-c", folder / "pytest.ini", "--rootdir", folder, "-p", "no:cacheprovider", "--junitxml", report]
    return _verdict(run_tool([PYTHON, "-m", "pytest", folder / suite, *options], timeout_s=timeout_s, **environment), report)


def run_own_tests(file: Path, report: Path, *chosen: str, timeout_s: int = 480) -> Verdict:
    """Run tests of Stoa's own against what only the suites' environment holds. None of the suites' plugins takes part."""
    options = [
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        ROOT,
        "-p",
        "pytest_asyncio.plugin",
        "-p",
        "no:cacheprovider",
        "--junitxml",
        report,
    ]
    command = [PYTHON, "-m", "pytest", file, "-W", "default", *chosen, *options]
    paths = {"PYTHONPATH": str(ROOT / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return _verdict(run_tool(command, timeout_s=timeout_s, **paths), report)


def _verdict(done: subprocess.CompletedProcess[str], report: Path) -> Verdict:
    assert report.exists(), done.stdout + done.stderr
    verdict = Verdict()
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("name", "")
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        if wrong is not None:
            verdict.failed[name] = wrong.get("message", "")[:500]
        elif skipped is not None:
            verdict.skipped[name] = skipped.get("message", "")
        else:
            verdict.passed.append(name)
    return verdict


def _resources(upstream: str) -> str:
    models = [(name, "scripted", "chat", name) for name in OPENAI_MODELS]
    models += [(name, "scripted", "embedding", name) for name in EMBEDDING_MODELS]
    models += [(name, "scripted-anthropic", "chat", name) for name in ANTHROPIC_MODELS]
    models += [
        (CROSSED["anthropic"], "scripted", "chat", OPENAI_MODELS[0]),
        (CROSSED["openai-chat"], "scripted-anthropic", "chat", ANTHROPIC_MODELS[0]),
        (CACHED[0], "scripted", "chat", OPENAI_MODELS[0]),
        (CACHED[1], "scripted-anthropic", "chat", ANTHROPIC_MODELS[0]),
    ]
    models += [(name, "scripted", operation, name) for name, operation in OPERATION_MODELS.items()]
    models += [(name, "scripted", operation, upstream_name) for name, (upstream_name, operation) in GUIDE_MODELS.items()]
    parts: list[str] = []
    for name, provider, operation, upstream_name in models:
        fresh = operation == "chat" and name not in CACHED
        behind = f"{name}-behind" if fresh else name
        parts.append(_MODEL.format(name=behind, provider=provider, operation=operation, upstream_name=upstream_name))
        parts += [_FRESH.format(name=name)] if fresh else []
    return _UPSTREAM.format(url=upstream) + "".join(parts)
