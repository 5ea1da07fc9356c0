"""Collections, documents, syncs and jobs over HTTP, with the worker's part played in this process."""

import hashlib

import pytest
from tests.api.company import Company


async def test_an_upload_is_indexed_counted_and_found(company: Company) -> None:
    sent = await company.upload({"travel.md": b"# Travel policy\n\nFly economy.", "leave.txt": b"Take thirty days."})
    assert sent["job"]["state"] == "queued"
    assert [document["state"] for document in sent["documents"]] == ["queued", "queued"]
    job = (await company.hana.get(f"/api/jobs/{sent['job']['id']}")).json()
    assert (job["state"], job["total"], job["done"], job["failed"], job["chunks"], job["errors"]) == (
        "succeeded",
        2,
        2,
        0,
        2,
        [],
    )
    (collection,) = (await company.hana.get("/api/collections")).json()["data"]
    assert (collection["name"], collection["documents"], collection["chunks"], collection["failed"]) == ("handbook", 2, 2, 0)
    assert collection["version"] > 0
    rights = (
        "read", "ingest", "judge", "see_usage", "see_sources", "sync_sources", "see_indexes", "change_indexes", "see_versions",
        "change",
    )  # fmt: skip
    assert collection["rights"] == dict.fromkeys(rights, True)
    (seen,) = (await company.other.get("/api/collections")).json()["data"]
    assert seen["rights"] == {**dict.fromkeys(rights, False), "read": True}
    documents = (await company.hana.get("/api/collections/handbook/documents")).json()["data"]
    assert {(d["path"], d["title"], d["state"]) for d in documents} == {
        ("travel.md", "Travel policy", "indexed"),
        ("leave.txt", "leave", "indexed"),
    }
    assert await company.find("economy", "team:company") == ["travel.md", "leave.txt"]


async def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(company: Company) -> None:
    sent = await company.upload(
        {"good.txt": b"Good.", "bad.pdf": b"%PDF-1.4 nonsense", "strange.bin": b"\0\1", "empty.md": b""}
    )
    job = (await company.hana.get(f"/api/jobs/{sent['job']['id']}")).json()
    assert (job["state"], job["done"], job["failed"]) == ("succeeded", 1, 3)
    reasons = {error["path"]: error["reason"] for error in job["errors"]}
    assert set(reasons) == {"bad.pdf", "strange.bin", "empty.md"}
    assert "broken" in reasons["bad.pdf"]
    assert "empty" in reasons["empty.md"]
    assert (await company.alex.get(f"/api/jobs/{sent['job']['id']}")).json()["errors"] != []
    failed = (await company.hana.get("/api/collections/handbook/documents", params={"state": "failed"})).json()["data"]
    assert len(failed) == 3


async def test_a_document_of_a_group_exists_for_that_group_alone(company: Company) -> None:
    sent = await company.upload({"salaries.txt": b"The salary of grade nine."}, groups="hr")
    (document,) = sent["documents"]
    assert document["acl"] == ["group:hr"]
    path = f"/api/documents/{document['id']}"
    for view in ("", "/passage?start=0&end=5", "/original"):
        assert (await company.hana.get(path + view)).status_code == 200
        for stranger in (company.alex, company.other):
            assert (await stranger.get(path + view)).status_code == 404
    assert (await company.alex.delete(path)).status_code == 404
    assert (await company.alex.get("/api/collections/handbook/documents")).json()["data"] == []
    async with company.running.client(company.running.local_key) as administrator:
        assert (await administrator.get(path)).status_code == 404
    assert await company.find("salary", "team:company") == []
    assert await company.find("salary", "group:hr") == ["salaries.txt"]


async def test_a_passage_opens_with_what_stands_around_it(company: Company) -> None:
    text = "# Travel\n\nBefore.\n\nFly economy.\n\nAfter."
    (document,) = (await company.upload({"travel.md": text.encode()}))["documents"]
    start = text.index("Fly")
    opened = (await company.alex.get(f"/api/documents/{document['id']}/passage?start={start}&end={start + 12}")).json()
    assert (opened["before"], opened["passage"], opened["after"]) == ("# Travel\n\nBefore.\n\n", "Fly economy.", "\n\nAfter.")
    assert (opened["heading"], opened["page"], opened["document"]["path"]) == (["Travel"], None, "travel.md")
    assert (await company.alex.get(f"/api/documents/{document['id']}/passage?start=5&end=5")).status_code == 400
    assert (await company.alex.get(f"/api/documents/{document['id']}/passage?start=900&end=901")).status_code == 400


async def test_the_file_comes_back_as_it_was_and_never_as_a_page_to_run(company: Company) -> None:
    page = b"<script>alert(1)</script><p>Hello there.</p>"
    (document,) = (await company.upload({'ünï "page".html': page}))["documents"]
    answer = await company.hana.get(f"/api/documents/{document['id']}/original")
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_removed_document_disappears_everywhere(company: Company) -> None:
    (document,) = (await company.upload({"travel.md": b"Fly economy."}))["documents"]
    answer = await company.alex.delete(f"/api/documents/{document['id']}")
    assert answer.status_code == 202
    assert (await company.hana.get(f"/api/documents/{document['id']}")).status_code == 404
    await company.work()
    assert (await company.hana.get(f"/api/jobs/{answer.json()['job']['id']}")).json()["state"] == "succeeded"
    assert await company.find("economy", "team:company") == []
    digest = hashlib.sha256(b"Fly economy.").hexdigest()
    assert await company.running.parts.objects.get(f"raw/{digest[:2]}/{digest}") is None


async def test_a_sync_sends_what_changed_and_removes_what_is_gone(company: Company) -> None:
    first = await company.sync({"a.md": b"Apples.", "sub/b.md": b"Pears.", "c.md": b"Plums."})
    assert (first["upload"], first["unchanged"], first["remove"]) == (["a.md", "c.md", "sub/b.md"], 0, [])
    assert first["job"]["done"] == 3
    embedded = company.embedder.embedded
    again = await company.sync({"a.md": b"Apples.", "sub/b.md": b"Pears.", "c.md": b"Plums."})
    assert (again["upload"], again["unchanged"], again["job"]["state"]) == ([], 3, "succeeded")
    assert company.embedder.embedded == embedded
    changed = await company.sync({"a.md": b"Apples.", "sub/b.md": b"Cherries."})
    assert (changed["upload"], changed["unchanged"], changed["remove"]) == (["sub/b.md"], 1, ["c.md"])
    assert company.embedder.embedded == embedded + 1
    assert set(await company.find("x", "team:company")) == {"a.md", "sub/b.md"}
    gone = hashlib.sha256(b"Pears.").hexdigest()
    assert await company.running.parts.objects.get(f"raw/{gone[:2]}/{gone}") is None


async def test_changed_rights_move_without_a_byte_or_a_vector(company: Company) -> None:
    await company.sync({"a.md": b"Apples.", "b.md": b"Pears."})
    before = (await company.hana.get("/api/collections")).json()["data"][0]["version"]
    embedded = company.embedder.embedded
    moved = await company.sync({"a.md": b"Apples.", "b.md": b"Pears."}, groups=("hr",))
    assert (moved["upload"], moved["job"]["done"]) == ([], 2)
    assert company.embedder.embedded == embedded
    assert await company.find("apples", "team:company") == []
    assert set(await company.find("apples", "group:hr")) == {"a.md", "b.md"}
    assert (await company.hana.get("/api/collections")).json()["data"][0]["version"] > before


async def test_a_file_above_the_limit_is_not_sent_and_named_each_time_while_the_rest_goes_on(company: Company) -> None:
    await company.sync({"a.md": b"Apples.", "b.md": b"Pears."})
    limits = company.running.parts.settings.worker
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("b.md", "c.md")}
    await company.running.parts.objects.put(f"raw/{digests['b.md'][:2]}/{digests['b.md']}", b"Somebody else's.")
    listed = [{"path": name, "sha256": digest, "bytes": limits.document_bytes + 1} for name, digest in digests.items()]
    listed.append({"path": "a.md", "sha256": hashlib.sha256(b"Apples.").hexdigest(), "bytes": 7})
    reason = (
        f"The file has {limits.document_bytes + 1:,} bytes; the limit is {limits.document_bytes:,} (worker.document_bytes)."
    )
    for _ in range(2):
        plan = await company.hana.post("/api/collections/handbook/syncs", json={"source": "folder", "files": listed})
        assert (plan.json()["upload"], plan.json()["unchanged"]) == ([], 1)
        started = await company.hana.post(f"/api/syncs/{plan.json()['sync']}/start")
        await company.work()
        job = (await company.hana.get(f"/api/jobs/{started.json()['job']['id']}")).json()
        assert (job["state"], job["total"], job["failed"]) == ("succeeded", 2, 2)
        assert job["errors"] == [{"path": "b.md", "reason": reason}, {"path": "c.md", "reason": reason}]
        assert await company.find("x", "team:company") == ["a.md"]
    rows = (await company.hana.get("/api/collections/handbook/documents", params={"state": "failed"})).json()["data"]
    assert [row["error"] for row in rows] == [reason, reason]
    for row in rows:
        assert (await company.hana.get(f"/api/documents/{row['id']}/original")).status_code == 404
    put = await company.sync({"a.md": b"Apples.", "b.md": b"Pears."})
    assert (put["upload"], put["remove"], put["job"]["done"]) == (["b.md"], ["c.md"], 1)


async def test_nobody_gives_away_a_document_that_they_cannot_read(company: Company) -> None:
    await company.sync({"a.md": b"Apples."}, groups=("hr",))
    listed = [{"path": "a.md", "sha256": hashlib.sha256(b"Apples.").hexdigest(), "bytes": 7}]
    answer = await company.alex.post("/api/collections/handbook/syncs", json={"source": "folder", "files": listed})
    assert answer.json()["upload"] == ["a.md"]
    assert (await company.alex.post(f"/api/syncs/{answer.json()['sync']}/start")).status_code == 409
    assert await company.find("apples", "team:company") == []


async def test_a_sync_takes_the_files_it_asked_for_and_no_others(company: Company) -> None:
    listed = [{"path": "a.md", "sha256": hashlib.sha256(b"Apples.").hexdigest(), "bytes": 7}]
    sync = (await company.hana.post("/api/collections/handbook/syncs", json={"source": "s", "files": listed})).json()["sync"]
    files = f"/api/syncs/{sync}/files"
    assert (await company.hana.put(files, params={"path": "a.md"}, content=b"Pears.")).status_code == 409
    assert (await company.hana.put(files, params={"path": "b.md"}, content=b"Pears.")).status_code == 400
    assert (await company.alex.put(files, params={"path": "a.md"}, content=b"Apples.")).status_code == 404
    started = await company.hana.post(f"/api/syncs/{sync}/start")
    assert started.json()["error"]["code"] == "files_missing"
    assert (await company.hana.put(files, params={"path": "a.md"}, content=b"Apples.")).status_code == 200
    one, two = [(await company.hana.post(f"/api/syncs/{sync}/start")).json()["job"]["id"] for _ in range(2)]
    assert one == two


@pytest.mark.parametrize("path", ["../up.md", "/etc/passwd", "a/../../b", "", ".", "a\0b"])
async def test_paths_stay_inside_their_source(company: Company, path: str) -> None:
    listed = [{"path": path, "sha256": "0" * 64, "bytes": 1}]
    answer = await company.hana.post("/api/collections/handbook/syncs", json={"source": "s", "files": listed})
    assert answer.status_code == 400


async def test_unknown_groups_and_collections_are_named_with_what_was_meant(company: Company) -> None:
    sent = [("files", ("a.md", b"x"))]
    answer = await company.hana.post("/api/collections/handbook/documents", files=sent, data={"groups": "hrr"})
    assert answer.status_code == 400
    assert "Did you mean 'hr'?" in answer.json()["error"]["message"]
    answer = await company.hana.post("/api/collections/handbok/documents", files=sent)
    assert answer.status_code == 404
    assert "Did you mean 'handbook'?" in answer.json()["error"]["message"]


async def test_another_team_neither_reads_nor_fills_the_collection(company: Company) -> None:
    sent = await company.upload({"a.md": b"Apples."})
    assert (await company.other.get("/api/collections/handbook/documents")).json()["data"] == []
    answer = await company.other.post("/api/collections/handbook/documents", files=[("files", ("a.md", b"x"))])
    assert answer.status_code == 404
    assert (await company.other.get("/api/jobs")).json()["data"] == []
    assert (await company.other.get(f"/api/jobs/{sent['job']['id']}")).status_code == 404


async def test_a_cancelled_job_leaves_its_documents_out_and_says_so(company: Company) -> None:
    sent = await company.hana.post("/api/collections/handbook/documents", files=[("files", ("a.md", b"Apples."))])
    job = f"/api/jobs/{sent.json()['job']['id']}"
    assert (await company.hana.post(f"{job}/cancel")).json()["state"] == "cancelled"
    await company.work()
    ended = (await company.hana.get(job)).json()
    assert (ended["state"], ended["done"], ended["failed"]) == ("cancelled", 0, 1)
    assert "cancelled" in ended["errors"][0]["reason"]
    assert await company.find("apples", "team:company") == []
    assert (await company.hana.post(f"{job}/cancel")).status_code == 409


async def test_the_events_of_a_job_end_with_the_job(company: Company) -> None:
    sent = await company.upload({"a.md": b"Apples."})
    events = await company.hana.get(f"/api/jobs/{sent['job']['id']}/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    assert events.text.startswith("event: progress\ndata: {")
    assert '"state":"succeeded"' in events.text


async def test_documents_are_listed_page_by_page_and_searched(company: Company) -> None:
    await company.upload({f"doc-{n}.md": f"Text {n}.".encode() for n in range(5)})
    path = "/api/collections/handbook/documents"
    first = (await company.hana.get(path, params={"limit": 3})).json()
    second = (await company.hana.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert {d["path"] for d in first["data"] + second["data"]} == {f"doc-{n}.md" for n in range(5)}
    assert second["next_cursor"] is None
    found = (await company.hana.get(path, params={"search": "OC-3"})).json()["data"]
    assert [d["path"] for d in found] == ["doc-3.md"]
    assert (await company.hana.get(path, params={"search": "%"})).json()["data"] == []
