"""`stoa document`, and rights that `stoa ingest` is told."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import ScriptedApi, listed
from tests.cli.test_ingest import job
from typer.testing import Result

PLAN = {
    "id": "doc_1", "path": "plan.md", "state": "indexed", "acl": ["team:lab", "user:ada"], "deny": ["group:interns"],
}  # fmt: skip


def test_documents_are_listed_with_their_rights(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/collections/docs/documents"] = listed(PLAN)
    line = stoa("document", "list", "docs", "--search", "plan").stdout.splitlines()[1]
    assert line.split() == ["doc_1", "plan.md", "indexed", "team:lab,", "user:ada", "group:interns"]
    assert api.requests[0].url.params["search"] == "plan"


def test_each_document_gets_the_rights_that_are_said(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    for name in ("doc_1", "doc_2"):
        api.answers["PUT", f"/api/documents/{name}/rights"] = {"job": job()}
    result = stoa("document", "share", "doc_1", "doc_2", "--allow", "group:hr,public", "--deny", "user:bob")
    assert result.stderr.strip() == "2 documents are for group:hr, public, but not for user:bob."
    for name in ("doc_1", "doc_2"):
        assert api.sent("PUT", f"/api/documents/{name}/rights") == [{"allow": ["group:hr", "public"], "deny": ["user:bob"]}]


def test_ingest_sends_the_rights_of_the_command_line_and_those_of_a_sidecar(
    stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.md").write_text("one")
    (folder / "b.md").write_text("two")
    (folder / ".stoa-rights.yaml").write_text("files: {b.md: {allow: [group:hr]}}")
    api.answers |= {
        ("GET", "/api/collections"): listed({"name": "docs"}),
        ("POST", "/api/collections/docs/syncs"): {"sync": "s1", "upload": [], "unchanged": 2, "remove": []},
        ("POST", "/api/syncs/s1/start"): {"job": job()},
    }
    result = stoa("ingest", str(folder), "--collection", "docs", "--allow", "user:ada", "--deny", "user:bob")
    assert result.exit_code == 0, result.stderr
    (wanted,) = api.sent("POST", "/api/collections/docs/syncs")
    assert (wanted["allow"], wanted["deny"], "groups" in wanted) == (["user:ada"], ["user:bob"], False)
    assert [(each["path"], each.get("allow"), each.get("deny")) for each in wanted["files"]] == [
        ("a.md", None, None),
        ("b.md", ["group:hr"], None),
    ]
