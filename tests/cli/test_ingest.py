"""`stoa ingest` and `stoa job`."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import ScriptedApi, listed
from typer.testing import Result


def job(state: str = "succeeded", **fields: object) -> dict[str, object]:
    return {
        "id": "job_1", "kind": "ingest", "collection": "docs", "state": state, "total": 2, "done": 2, "failed": 0, "pages": 7,
        "chunks": 9, "pages_per_second": 3.5, "documents_per_second": 1.5,
        "seconds_left": None, "tokens": 0, "cost_nano_usd": 0, "message": None, "started_at": None, "errors": [],
    } | fields  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "papers"
    (made / "deep").mkdir(parents=True)
    (made / "a.md").write_text("one")
    (made / "deep" / "b.txt").write_text("two")
    (made / ".hidden").write_text("not a document")
    (made / ".git").mkdir()
    (made / ".git" / "config").write_text("nor this")
    return made


@pytest.fixture
def collection(api: ScriptedApi) -> None:
    """A collection `docs` that lacks one of two files."""
    api.answers |= {
        ("GET", "/api/collections"): listed({"name": "docs"}),
        ("POST", "/api/collections/docs/syncs"): {"sync": "s1", "upload": ["deep/b.txt"], "unchanged": 1, "remove": ["old.md"]},
        ("PUT", "/api/syncs/s1/files"): 204,
        ("POST", "/api/syncs/s1/start"): {"job": job("queued", done=0)},
        ("GET", "/api/jobs/job_1"): [job("running", done=1), job()],
    }


@pytest.mark.usefixtures("collection")
def test_only_what_the_collection_lacks_is_sent(stoa: Callable[..., Result], api: ScriptedApi, folder: Path) -> None:
    result = stoa("ingest", str(folder), "--collection", "docs", "--groups", "hr")
    assert result.exit_code == 0, result.stderr
    (wanted,) = api.sent("POST", "/api/collections/docs/syncs")
    assert wanted == {
        "source": str(folder),
        "files": [
            {"path": "a.md", "sha256": hashlib.sha256(b"one").hexdigest(), "bytes": 3},
            {"path": "deep/b.txt", "sha256": hashlib.sha256(b"two").hexdigest(), "bytes": 3},
        ],
        "prune": True,
        "groups": ["hr"],
    }
    (upload,) = [request for request in api.requests if request.method == "PUT"]
    assert (upload.url.params["path"], upload.content) == ("deep/b.txt", b"two")
    assert result.stderr.splitlines()[-1] == "2 indexed (7 pages, 9 chunks), 1 unchanged, 1 removed, 0 failed."


@pytest.mark.usefixtures("collection")
def test_a_failed_file_is_named_with_its_reason_and_exits_1(
    stoa: Callable[..., Result], api: ScriptedApi, folder: Path
) -> None:
    failure = {"path": "deep/b.txt", "reason": "it is encrypted"}
    api.answers["GET", "/api/jobs/job_1"] = job(done=1, failed=1, errors=[failure])
    result = stoa("ingest", str(folder), "--collection", "docs")
    assert result.exit_code == 1
    assert "failed: deep/b.txt: it is encrypted" in result.stderr


@pytest.mark.usefixtures("collection")
def test_single_files_never_prune(stoa: Callable[..., Result], api: ScriptedApi, folder: Path) -> None:
    api.answers["POST", "/api/collections/docs/syncs"] = {"sync": "s1", "upload": [], "unchanged": 1, "remove": []}
    stoa("ingest", str(folder / "a.md"), "--collection", "docs")
    (wanted,) = api.sent("POST", "/api/collections/docs/syncs")
    assert (wanted["source"], wanted["prune"], wanted["files"][0]["path"]) == ("upload", False, "a.md")


@pytest.mark.usefixtures("collection")
def test_a_stoa_that_restarts_meanwhile_is_waited_for(stoa: Callable[..., Result], api: ScriptedApi, folder: Path) -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    api.answers["GET", "/api/jobs/job_1"] = [away, job()]
    assert stoa("ingest", str(folder), "--collection", "docs").exit_code == 0


@pytest.mark.usefixtures("collection")
def test_an_interrupt_leaves_the_job_running_and_says_so(stoa: Callable[..., Result], api: ScriptedApi, folder: Path) -> None:
    def interrupt(_request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    api.answers["GET", "/api/jobs/job_1"] = interrupt
    result = stoa("ingest", str(folder), "--collection", "docs")
    assert result.exit_code == 130
    assert "The job job_1 goes on" in result.stderr
    assert "stoa job follow job_1" in result.stderr


@pytest.mark.usefixtures("collection")
def test_an_interrupt_before_the_job_says_that_nothing_happened(
    stoa: Callable[..., Result], api: ScriptedApi, folder: Path
) -> None:
    def interrupt(_request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    api.answers["PUT", "/api/syncs/s1/files"] = interrupt
    result = stoa("ingest", str(folder), "--collection", "docs")
    assert result.exit_code == 130
    assert "was ingested" in result.stderr
    assert api.sent("POST", "/api/syncs/s1/start") == []


@pytest.mark.usefixtures("collection")
def test_a_collection_that_is_missing_is_made_and_said(stoa: Callable[..., Result], api: ScriptedApi, folder: Path) -> None:
    api.answers["GET", "/api/collections"] = listed()
    api.answers["POST", "/api/resources/apply"] = {"changes": []}
    result = stoa("ingest", str(folder), "--collection", "docs", "--team", "lab")
    assert "Made the collection 'docs' for the team 'lab'." in result.stderr
    (sent,) = api.sent("POST", "/api/resources/apply")
    assert sent["resources"] == [{"kind": "Collection", "name": "docs", "team": "lab"}]


@pytest.mark.usefixtures("collection")
def test_a_slip_of_the_pen_makes_no_collection(stoa: Callable[..., Result], folder: Path) -> None:
    result = stoa("ingest", str(folder), "--collection", "dogs")
    assert result.exit_code == 1
    assert "Did you mean 'docs'?" in result.stderr


def test_one_source_is_one_folder(stoa: Callable[..., Result], folder: Path) -> None:
    result = stoa("ingest", str(folder), str(folder / "deep"), "--collection", "docs", "--source", "both")
    assert result.exit_code == 1
    assert "--source names one folder" in result.stderr


def test_an_empty_folder_and_a_missing_path_are_refused(stoa: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no file to ingest" in stoa("ingest", "empty", "--collection", "docs").stderr
    assert stoa("ingest", "nowhere", "--collection", "docs").exit_code == 2


def test_a_job_can_be_followed_later(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/jobs/job_1"] = [job("running"), job("cancelled", message="by ada")]
    result = stoa("job", "follow", "job_1")
    assert result.exit_code == 1
    assert "The job job_1 cancelled: 2 done, 0 failed." in result.stderr


def test_jobs_are_listed(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/jobs"] = listed(job())
    assert "job_1" in stoa("job", "list").stdout
