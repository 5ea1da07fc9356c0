"""schemathesis: our own OpenAPI document held against `/api`, and OpenAI's schema against chat completions."""

import json
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conformance.conftest import PYTHON, Served, run_tool

pytestmark = pytest.mark.conformance

# A check that is off, or wider than usual, says why.
_SETTINGS = """\
[generation]
deterministic = true
database = "none"
with-security-parameters = false # else it makes up an Authorization header beside the session that it was given

[phases.examples]
enabled = false

[phases.stateful]
enabled = false # it deletes what other operations stand on

# A body in the form that the document tells can still name a team, group or model that there is not, or a cursor of another
# list: that is 400, as everything else that the caller must change.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409"]
"""
# The candidate of a replay is the body of /api/resources/apply, a third of all there is to cover, and is covered there.
_COVERED_ELSEWHERE = """
[[operations]]
include-path = "/api/replay"
phases.coverage.enabled = false
"""
_COLLECTION = """\
kind: Collection
name: shelf
team: company
"""
_RPC = "/mcp"  # JSON-RPC, whose errors have a form of their own: it is held by the suite for MCP
_NEVER = "DELETE /api/session"  # it would end the session that all others are asked with


def test_our_own_document_tells_the_truth(served: Served, tmp_path: Path) -> None:
    with httpx.Client(base_url=served.stoa.url, timeout=60) as client:
        headers = _sign_in(served, client)
        found = _furnish(served, client, headers)
        document = tmp_path / "openapi.json"
        document.write_text(json.dumps(client.get("/api/openapi.json", headers=headers).json()), encoding="utf-8")
        failed = _hold(
            document,
            served.stoa.url,
            headers,
            tmp_path,
            "--exclude-name",
            _NEVER,
            "--exclude-path",
            _RPC,
            settings=_SETTINGS + _COVERED_ELSEWHERE + _given(found),
        )
        assert failed == ""
        assert client.get("/api/session", headers=headers).status_code == 200, "the session ended on the way"


@pytest.mark.parametrize("model", ["gpt-4o-script", "claude-sonnet-4-script"])
def test_chat_completions_hold_to_openais_schema(served: Served, model: str, tmp_path: Path) -> None:
    """Whatever may be asked by the schema is answered by the schema, or refused in its form; nonsense is never a failure."""
    document = tmp_path / "chat.json"
    document.write_text(json.dumps(_chat_document(model)), encoding="utf-8")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    headers = {"Authorization": f"Bearer {served.key}"}
    settings = _SETTINGS.partition("# A body in the form")[0]
    assert _hold(document, served.base_url, headers, tmp_path, "--checks", checks, settings=settings) == ""


def _chat_document(model: str) -> Any:
    """The one operation of the document that llm-comply carries: for one model, and with the refusals that it leaves out."""
    carried = next((PYTHON.parents[1] / "lib").glob("python3*/site-packages/llm_comply/specs/openai_chat.json"))
    document = json.loads(carried.read_text(encoding="utf-8"))
    operation = document["paths"]["/chat/completions"]["post"]
    document["paths"] = {"/chat/completions": {"post": operation}}
    operation["responses"]["200"]["content"]["text/event-stream"] = {}  # the form of an event's data, which is not the event's
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
    operation["responses"]["4XX"] = {"description": "Refused.", "content": refusal}
    asked = document["components"]["schemas"]["CreateChatCompletionRequest"]["allOf"][1]["properties"]
    asked["model"] = {"type": "string", "enum": [model]}
    return document


def _sign_in(served: Served, client: httpx.Client) -> dict[str, str]:
    """The administrator's session, as headers."""
    token = served.stoa.sign_in_link().rpartition("token=")[2]
    answer = client.post("/api/sessions", json={"token": token})
    headers = {"Cookie": f"stoa_session={answer.cookies['stoa_session']}", "x-csrf-token": answer.json()["csrf_token"]}
    client.cookies.clear()
    return headers


def _furnish(served: Served, client: httpx.Client, headers: dict[str, str]) -> dict[str, str]:
    """One of everything, so that operations are asked about something that exists; its ids by path."""

    def made(method: str, path: str, **sent: Any) -> Any:
        answer = client.request(method, path, headers=headers, timeout=60, **sent)
        assert answer.is_success, answer.text
        return answer.json() if answer.headers["content-type"] == "application/json" else answer.text

    file = served.stoa.home.parent / "shelf.yaml"
    file.write_text(_COLLECTION, encoding="utf-8")
    assert served.stoa.stoa("apply", "-f", str(file)).returncode == 0
    made("POST", "/api/users", json={"name": "somebody"})
    sent = made("POST", "/api/collections/shelf/documents", files={"files": ("note.txt", b"Tea is at four.")})
    job, document = sent["job"]["id"], sent["documents"][0]["id"]
    until = time.monotonic() + 60
    while made("GET", f"/api/jobs/{job}")["ended_at"] is None:
        assert time.monotonic() < until, "the document was not indexed"
        time.sleep(0.2)
    conversation = made("POST", "/api/conversations", json={"model": "gpt-4o-script"})["id"]
    made("POST", f"/api/conversations/{conversation}/turns", json={"content": "Say hello."})
    messages = made("GET", f"/api/conversations/{conversation}")["messages"]
    listed = {"path": "a.txt", "sha256": "0" * 64, "bytes": 1}
    sync = made("POST", "/api/collections/shelf/syncs", json={"source": "folder", "files": [listed], "prune": False})["sync"]
    return {
        "/api/users/{name}": "somebody",
        "/api/collections/{name}/documents": "shelf",
        "/api/collections/{name}/syncs": "shelf",
        "/api/documents/{id}/passage": document,
        "/api/documents/{id}/original": document,
        "/api/jobs/{id}": job,
        "/api/jobs/{id}/events": job,
        "/api/jobs/{id}/cancel": job,
        "/api/conversations/{id}/turns": conversation,
        "/api/conversations/{id}/export": conversation,
        "/api/messages/{id}/feedback": messages[1]["id"],
        "/api/syncs/{id}/files": sync,
    }


def _given(found: dict[str, str]) -> str:
    parts: list[str] = []
    for path, value in found.items():
        field = "path.name" if "{name}" in path else "path.id"
        parts.append(f'\n[[operations]]\ninclude-path = "{path}"\nparameters = {{ "{field}" = "{value}" }}\n')
    return "".join(parts)


def _hold(document: Path, url: str, headers: dict[str, str], folder: Path, *options: str, settings: str) -> str:
    """What schemathesis finds wrong, a paragraph each; empty when nothing is."""
    config, report = folder / "schemathesis.toml", folder / "report.xml"
    config.write_text(settings, encoding="utf-8")
    command: list[str | Path] = [PYTHON.with_name("schemathesis"), "--config-file", config, "run", document, "--url", url]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    done = run_tool(
        [*command, *options, "--max-examples", "10", "--continue-on-failure", "--report-junit-path", report, "--no-color"],
        timeout_s=900,
    )
    cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    assert cases, done.stdout[-3000:] + done.stderr[-3000:]
    wrong = [(problem.text or "")[:1500] for case in cases for problem in case if problem.tag in ("failure", "error")]
    assert wrong or done.returncode == 0, done.stdout[-3000:]
    return "\n\n".join(wrong)
