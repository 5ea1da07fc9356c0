"""Bring files into a collection through the API: tell what is there by content hash, send what is missing, follow the job."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stoa.cli import pace, values
from stoa.cli.client import Client, Unreachable
from stoa.cli.progress import Progress
from stoa.domain.sidecars import Sidecars
from stoa.domain.sources import is_hidden
from stoa.errors import InvalidRequest

_LOOK_EVERY_S = 0.3
_PATIENCE_S = 60.0
_DOING = {"batch": "Asking", "sync": "Fetching"}
_ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Source:
    """Files under one name: `prune` removes from the collection what this source once brought and no longer holds."""

    name: str
    files: tuple[tuple[str, Path], ...]
    """The path inside the source, with forward slashes, and the file."""
    prune: bool
    rights: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict[str, Mapping[str, tuple[str, ...]]])
    """By path, `allow` and `deny` of files of which a sidecar says them."""


def folder_source(folder: Path, *, name: str | None, prune: bool) -> Source:
    """All files of a folder, hidden ones aside, with what sidecars say of their rights.

    Its absolute path is the name, so that two folders never prune each other.
    """
    files = tuple(
        (path.relative_to(folder).as_posix(), path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not is_hidden(path.relative_to(folder).as_posix())
    )
    if not files:
        raise InvalidRequest(f"The folder {str(folder)!r} holds no file to ingest")
    sidecars = folder_sidecars(folder)
    said = {path: rights for path, _ in files if (rights := sidecars.of(path))}
    return Source(name or str(folder.resolve()), files, prune, said)


def folder_sidecars(folder: Path) -> Sidecars:
    """The sidecars of a folder of this machine."""

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return Sidecars(read, place=str(folder))


def file_source(files: Sequence[Path], *, name: str | None) -> Source:
    """Single files, by their names alone; nothing is pruned."""
    named = {path.name: path for path in files}
    if len(named) < len(files):
        raise InvalidRequest("Two of the files have the same name. Ingest the folder that holds them, or one after the other")
    return Source(name or "upload", tuple(named.items()), prune=False)


def start_sync(
    api: Client,
    collection: str,
    source: Source,
    *,
    groups: Sequence[str] = (),
    allow: Sequence[str] = (),
    deny: Sequence[str] = (),
    progress: Progress,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Send what is new or changed. The plan that the API made, and the job that indexes; Any: JSON as the API documents it."""
    listed: list[dict[str, object]] = []
    progress.step("Reading files", len(source.files))
    for name, file in source.files:
        listed.append({"path": name, "sha256": _digest(file), "bytes": file.stat().st_size, **source.rights.get(name, {})})
        progress.reach(len(listed))
    rights = {"groups": list(groups), "allow": list(allow), "deny": list(deny)}
    wanted = {"source": source.name, "files": listed, "prune": source.prune} | {k: v for k, v in rights.items() if v}
    plan = api.post(f"/api/collections/{values.segment(collection)}/syncs", wanted)
    files = dict(source.files)
    if plan["upload"]:
        progress.step("Sending files", len(plan["upload"]))
        for number, path in enumerate(plan["upload"], start=1):
            api.put_file(f"/api/syncs/{plan['sync']}/files", files[path], path=path)
            progress.reach(number)
    return plan, api.post(f"/api/syncs/{plan['sync']}/start")["job"]


def follow(api: Client, job: dict[str, Any], *, progress: Progress) -> dict[str, Any]:
    """Wait until a job has ended. A Stoa that restarts meanwhile is waited for."""
    name = _DOING.get(job["kind"], "Indexing")
    progress.step(name, max(job["total"], 1))
    total, heard = job["total"], time.monotonic()
    while job["state"] not in _ENDED:
        time.sleep(_LOOK_EVERY_S)
        try:
            job = api.get(f"/api/jobs/{job['id']}")
            heard = time.monotonic()
        except Unreachable:
            if time.monotonic() - heard > _PATIENCE_S:
                raise
            continue
        if job["total"] != total:
            total = job["total"]
            progress.step(name, max(total, 1))
        note = ", ".join(filter(None, (pace.pace(job) if name == "Indexing" else "", job["message"])))
        progress.reach(job["done"] + job["failed"], note)
    return job


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise InvalidRequest(f"The file {str(file)!r} cannot be read: {error.strerror}") from None
