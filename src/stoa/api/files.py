"""`/v1/files`: files of applications, in OpenAI's form. The gateway passes these paths on with the caller it identified.

A file of another team, or of somebody whose access tags the caller does not all hold, does not exist for the caller.
"""

from collections.abc import AsyncGenerator
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile

from stoa.adapters.database.files import FileTable
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.access import Caller, Parts, allow_on_behalf
from stoa.api.listing import After, Listing, listing
from stoa.domain.files import PURPOSES, Purpose, StoredFile, blob_name
from stoa.domain.identity import opening
from stoa.errors import Forbidden, InvalidRequest, NotFound
from stoa.kit.ids import new_id
from stoa.knowledge import intake
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/v1/files", tags=["files"], include_in_schema=False)

Id = Annotated[str, Path(alias="id", max_length=64)]

_PIECE_BYTES = 1 << 20
_FIELDS = frozenset({"file", "purpose", "expires_after[anchor]", "expires_after[seconds]"})
_EXPIRY_S = (3600, 30 * 86_400)


class FileView(BaseModel):
    """Times are seconds since 1970."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    expires_at: int | None
    filename: str
    purpose: Purpose
    status: Literal["processed"] = "processed"
    status_details: None = None


class Deleted(BaseModel):
    id: str
    object: Literal["file"] = "file"
    deleted: Literal[True] = True


def file_view(file: StoredFile) -> FileView:
    return FileView(
        id=file.id, bytes=file.bytes, created_at=file.created_at // 1000, filename=file.filename, purpose=file.purpose,
        expires_at=None if file.expires_at is None else file.expires_at // 1000,
    )  # fmt: skip


@router.post("")
async def upload_file(request: Request, caller: Annotated[Caller, allow_on_behalf("files:create")], parts: Parts) -> FileView:
    """A form with `file` and `purpose`, and `expires_after[anchor]` and `expires_after[seconds]` if it is not to stay."""
    async with request.form(max_files=1, max_fields=8) as form:
        now = now_ms()
        sent, purpose, expires_s = _sent(form)
        file = StoredFile(
            id=f"file-{new_id()}",
            team=team_of(caller),
            key_id=caller.principal.id if caller.principal.kind == "inference_key" else None,
            user_id=caller.principal.id if caller.principal.kind == "user" else None,
            acl=opening(caller.principal.acl),
            filename=_filename(sent.filename),
            purpose=purpose,
            bytes=0,
            state="pending",
            created_at=now,
            expires_at=None if expires_s is None else now + expires_s * 1000,
        )
        return file_view(await parts.files.take(file, _pieces(sent)))


@router.get("")
async def list_files(
    caller: Annotated[Caller, allow_on_behalf("files:list")],
    parts: Parts,
    purpose: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
    after: After = None,
) -> Listing[FileView]:
    wanted = None if purpose is None else _purpose(purpose)
    async with parts.database.read() as connection:
        found = await FileTable(connection).page(
            team=team_of(caller), acl=caller.principal.acl, purpose=wanted, descending=order == "desc", after=after,
            limit=limit + 1, now_ms=now_ms(),
        )  # fmt: skip
    return listing(found, limit=limit, view=file_view, id_of=lambda file: file.id)


@router.get("/{id}")
async def read_file(id_: Id, caller: Annotated[Caller, allow_on_behalf("files:read")], parts: Parts) -> FileView:
    return file_view(await file_of(parts, caller, id_))


@router.get("/{id}/content", response_class=StreamingResponse)
async def read_content(id_: Id, caller: Annotated[Caller, allow_on_behalf("files:read")], parts: Parts) -> StreamingResponse:
    """The bytes as they were sent, to be saved and never shown."""
    file = await file_of(parts, caller, id_)
    pieces = await parts.blobs.read(blob_name(file.id))
    if pieces is None:
        raise NotFound(f"The bytes of the file {id_!r} are not in the object store.")
    disposition = f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}"
    headers = {"content-length": str(file.bytes), "content-disposition": disposition}
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


@router.delete("/{id}")
async def delete_file(id_: Id, caller: Annotated[Caller, allow_on_behalf("files:delete")], parts: Parts) -> Deleted:
    """Out of every vector store as well. Raises Conflict while a batch reads it."""
    await parts.files.remove(await file_of(parts, caller, id_))
    async with parts.database.write() as connection:
        for document in await VectorStoreTable(connection).with_file(id_):
            await intake.remove(DatabaseLibrary(connection), document, by=caller.principal.id, now_ms=now_ms())
    return Deleted(id=id_)


async def file_of(parts: Control, caller: Caller, file_id: str, *, param: str = "id") -> StoredFile:
    """A file to which the caller may do what the route is about. Raises NotFound for every other."""
    async with parts.database.read() as connection:
        file = await FileTable(connection).get(file_id)
    if (
        file is None
        or file.state != "ready"
        or (file.expires_at is not None and file.expires_at <= now_ms())
        or not caller.may(Target("Work", id=file.id, team=file.team, acl=file.acl))
    ):
        raise NotFound(f"There is no file {file_id[:100]!r} here for you.", param=param)
    return file


def team_of(caller: Caller) -> str:
    if caller.principal.team is None:
        raise Forbidden("Files and batches belong to a team, and you are in none.")
    return caller.principal.team


def _sent(form: FormData) -> tuple[UploadFile, Purpose, int | None]:
    """File, purpose and seconds until it expires. Raises InvalidRequest naming the field."""
    for name, value in form.multi_items():
        if name not in _FIELDS:
            raise InvalidRequest(f"There is no field {name[:100]!r}; there are {', '.join(sorted(_FIELDS))}.", param=name[:100])
        if (name == "file") != isinstance(value, UploadFile):
            raise InvalidRequest(f"Field {name!r} must be {'a file' if name == 'file' else 'text'}.", param=name)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidRequest("Send a form (multipart/form-data) with the file in the field 'file'.", param="file")
    purpose = form.get("purpose")
    if not isinstance(purpose, str):
        raise InvalidRequest("Say what the file is for in the field 'purpose', such as 'batch'.", param="purpose")
    found = _purpose(purpose)
    if found == "batch_output":
        raise InvalidRequest("Files of the purpose 'batch_output' are written by batches.", param="purpose")
    return file, found, _expires_s(form.get("expires_after[anchor]"), form.get("expires_after[seconds]"))


def _purpose(text: str) -> Purpose:
    for purpose in PURPOSES:
        if purpose == text:
            return purpose
    raise InvalidRequest(f"There is no purpose {text[:100]!r}; there are {', '.join(PURPOSES)}.", param="purpose")


def _expires_s(anchor: object, seconds: object) -> int | None:
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise InvalidRequest("expires_after[anchor] must be 'created_at'.", param="expires_after[anchor]")
    least, most = _EXPIRY_S
    if not isinstance(seconds, str) or not seconds.isdecimal() or not least <= int(seconds) <= most:
        message = f"expires_after[seconds] must be a number from {least} to {most:,}, but found {str(seconds)[:40]!r}."
        raise InvalidRequest(message, param="expires_after[seconds]")
    return int(seconds)


def _filename(sent: str | None) -> str:
    """The last part of what was sent, without what cannot be shown."""
    name = (sent or "").replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in name if character.isprintable())[:255] or "file"


async def _pieces(file: UploadFile) -> AsyncGenerator[bytes]:
    while piece := await file.read(_PIECE_BYTES):
        yield piece
