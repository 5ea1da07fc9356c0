"""A request through a whole Stoa: found again with why it went where it went, with its content sealed, and replayed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, start, wait_until

pytestmark = pytest.mark.slow

SECRET = "What does the zeppelin of Hamburg cost?"
ROUTE = "kind: Route\nname: best\ntargets:\n- {model: stoa-reader}\n"


@pytest.fixture(scope="module")
def stoa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStoa]:
    with start(tmp_path_factory.mktemp("traces")) as running:
        yield running


def ask(stoa: RunningStoa, key: str, model: str) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": SECRET}]}
    return httpx.post(f"{stoa.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=60)


def shown(stoa: RunningStoa, trace: str) -> Any:
    found = stoa.stoa("trace", trace, "--json")
    return json.loads(found.stdout) if found.returncode == 0 else None


def held(folder: Path, words: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


def test_a_request_is_found_explained_kept_sealed_and_replayed(stoa: RunningStoa, tmp_path: Path) -> None:
    made = stoa.stoa("team", "set", "company", "--content-days", "7")
    assert made.returncode == 0, made.stderr
    key = stoa.key("app")

    def answered() -> httpx.Response | None:
        answer = ask(stoa, key, "stoa-reader")
        return answer if answer.status_code == 200 else None

    wait_until(lambda: answered() is not None, "the key is known")
    answer = ask(stoa, key, "stoa-reader")
    trace = answer.headers["x-request-id"]
    wait_until(lambda: shown(stoa, trace) is not None, "the request is in the ledger")

    found = shown(stoa, trace)
    assert (found["request"]["status"], found["request"]["model"]) == (200, "stoa-reader")
    assert found["decision"]["why"]
    stages = [each["stage"] for each in found["decision"]["stages"]]
    assert stages[:3] == ["receive", "read", "admit"] and stages[-1] == "answer"
    text = stoa.stoa("trace", trace).stdout
    assert "why " in text and "█" in text and SECRET not in text

    refused = ask(stoa, key, "no-such-model")
    assert refused.status_code == 404
    wait_until(lambda: "no-such-model" in stoa.stoa("trace", "list", "--status", "refused").stdout, "the refusal is found")
    assert "no-such-model" not in stoa.stoa("usage", "--by", "model").stdout

    auditor = stoa.stoa("key", "create", "auditor", "--kind", "management", "--role", "auditor").stdout.strip()
    own = stoa.stoa("trace", "export", "--ids", trace)
    assert own.stdout == "", "the home's own key manages, and reads nobody's content"

    def exported() -> str:
        return stoa.stoa("trace", "export", "--ids", trace, STOA_TOKEN=auditor).stdout

    wait_until(lambda: exported() != "", "the content has come to control")
    messages = json.loads(exported())["messages"]
    assert (messages[0]["content"], messages[-1]["role"]) == (SECRET, "assistant")

    developer = stoa.stoa("key", "create", "developer", "--kind", "management", "--role", "developer").stdout.strip()
    assert stoa.stoa("dataset", "create", "talks", STOA_TOKEN=developer).returncode == 0
    assert "1 added" in stoa.stoa("dataset", "add", "talks", "--ids", trace, STOA_TOKEN=developer).stderr

    def lines() -> list[str]:
        return stoa.stoa("dataset", "export", "talks", STOA_TOKEN=developer).stdout.splitlines()

    assert [json.loads(each)["messages"] for each in lines()] == [messages]
    assert held(stoa.home, SECRET.encode()) == [], "content lies nowhere unsealed"
    assert "content read" in (stoa.home / "logs" / "control.log").read_text()

    assert "into datasets (1)" in stoa.stoa("content", "erase", "--key", "app").stderr
    assert (exported(), lines()) == ("", [])
    assert "erased" in stoa.stoa("dataset", "show", "talks", STOA_TOKEN=developer).stdout

    file = tmp_path / "candidate.yaml"
    file.write_text(ROUTE.replace("best", "other") + "---\nkind: Model\nname: stoa-reader\nprovider: stoa-engine\nteams: []\n")
    replay = stoa.stoa("replay", "--since", "1h", "--candidate", str(file))
    assert replay.returncode == 0, replay.stderr
    assert "would newly be refused: forbidden" in replay.stdout
    assert ask(stoa, key, "stoa-reader").status_code == 200, "nothing was saved"
