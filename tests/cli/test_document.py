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


def test_a_trace_names_bytes_versions_and_pages_that_were_not_read(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    traits = {"language": "en", "date": None, "keywords": ["leave"], "entities": [], "personal": ["IBAN_CODE"],
              "duplicate_of": {"id": "doc_0", "path": "old.md", "title": "Old"}, "notes": ["Not read: page 3."]}  # fmt: skip
    api.answers["GET", "/api/documents/doc_1/provenance"] = {
        "document": PLAN | {"title": "Plan", "pages": 4, "traits": traits},
        "raw": {"digest": "ab12", "bytes": 1200, "object": "raw/ab/ab12", "kept": True},
        "made_by": {"parser": "1", "reader": "pypdfium2 5", "chunker": "1", "embedder": "builtin/x"},
        "now": {"parser": "2", "reader": "", "chunker": "1", "embedder": "builtin/x"}, "current": False,
        "chunks": [{"id": "doc_1.0", "start": 0, "end": 9, "page": 1, "heading": []}],
    }  # fmt: skip
    lines = dict(line.split("  ", 1) for line in stoa("document", "trace", "doc_1").stdout.splitlines()[1:])
    said = {name.strip(): what.strip() for name, what in lines.items()}
    assert said["bytes"] == "ab12, 1,200, kept as raw/ab/ab12"
    assert said["read by"] == "version 1, pypdfium2 5"
    assert said["up to date"] == "no: version 2 reads, 1 cuts now"
    assert said["says the same as"] == "old.md (doc_0)"
    assert said["note"] == "Not read: page 3."
    assert "date" not in said


def test_a_collection_is_indexed_again_by_filter(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/collections/docs/reindex"] = {"job": job()}
    result = stoa("collection", "reindex", "docs", "--state", "failed", "--path", "hr/*", "--parser-before", "2", "--unread")
    assert result.exit_code == 0, result.stderr
    (wanted,) = api.sent("POST", "/api/collections/docs/reindex")
    assert wanted == {"state": ["failed"], "path": ["hr/*"], "parser_before": 2, "unread": True}
