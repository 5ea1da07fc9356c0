"""`/api/datasets`: examples of conversations that a team keeps in versions, to evaluate and train with."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Path, Query, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.datasets import DatasetTables
from stoa.adapters.database.opening import opener
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Form, Moment, NewName, View, moment
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, offset_of, page, place_of
from stoa.domain.datasets import ChangeKind, Dataset, ItemQuery, Origin
from stoa.domain.datasets import Version as DatasetVersion
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.factory import lines
from stoa.factory.datasets import New, Writing, read_items
from stoa.kit.ids import new_id
from stoa.kit.names import did_you_mean, is_name
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

log = logging.getLogger("stoa.datasets")
router = APIRouter(prefix="/api/datasets", tags=["datasets"])

Name = Annotated[str, Path(description="Name of the dataset.")]
Version = Annotated[int | None, Query(alias="version", ge=0, description="An earlier version; the current one if left out.")]


Description = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
"""Without what PostgreSQL keeps in no text."""


class NewDataset(Form):
    """`team` is the caller's own if left out."""

    name: NewName
    team: str | None = None
    description: Description = ""


class ChangedDataset(Form):
    description: Description


class DatasetView(View):
    """`items` are the examples of the current version. `may` is what the caller may do beside seeing that."""

    name: str
    team: str
    description: str
    version: int
    items: int
    created_by: str
    created_at: Moment
    changed_at: Moment
    may: list[str]


class DatasetVersionView(View):
    """Who made what of it: `changed` examples were added, changed or removed, and `items` were there then."""

    version: int
    change: ChangeKind
    changed: int
    items: int
    by: str
    at: Moment


class LineFaultView(View):
    line: int
    message: str
    param: str | None


class ImportView(View):
    """`faults` are the lines that were left out, which happens with `partly` alone."""

    added: int
    faults: list[LineFaultView]
    dataset: DatasetView


@router.get("")
async def list_datasets(
    caller: Annotated[Caller, allow("dataset:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DatasetView]:
    """Those that the caller may see, by name."""
    async with parts.database.read() as connection:
        found = await DatasetTables(connection).all(after=place_of(cursor))
    shown = [each for each in found if caller.may(target_of(each))]
    return page(shown, limit=limit, view=lambda each: dataset_view(each, caller), place=lambda each: each.name)


@router.post("", status_code=201)
async def create_dataset(new: NewDataset, caller: Annotated[Caller, allow("dataset:create")], parts: Parts) -> DatasetView:
    if not is_name(new.name):
        raise InvalidRequest(
            f"{new.name!r} cannot name a dataset: use lower case, digits, dots, dashes and underscores.", param="name"
        )
    team = new.team or caller.principal.team
    if team is None:
        raise InvalidRequest("Name the team whose dataset it is to be.", param="team")
    made = Dataset(
        id=new_id("ds"), name=new.name, team=team, description=new.description, version=0, items=0,
        created_by=caller.principal.id, created_at=now_ms(), changed_at=now_ms(),
    )  # fmt: skip
    caller.require(target_of(made))
    async with parts.read() as stores:
        teams = {each.name for each in await stores.teams.all()}
    if team not in teams:
        raise NotFound(f"There is no team {team!r}.{did_you_mean(team, teams)}", param="team")
    async with parts.database.write() as connection:
        if not await DatasetTables(connection).add(made):
            raise Conflict(f"There is a dataset {new.name!r} already; choose another name.", param="name")
    return dataset_view(made, caller)


@router.get("/{name}")
async def read_dataset(name: Name, caller: Annotated[Caller, allow("dataset:list")], parts: Parts) -> DatasetView:
    return dataset_view(await find_dataset(parts, caller, name), caller)


@router.patch("/{name}")
async def change_dataset(
    name: Name, change: ChangedDataset, caller: Annotated[Caller, allow("dataset:update")], parts: Parts
) -> DatasetView:
    """Describe it otherwise. What it holds is not touched."""
    found = await find_dataset(parts, caller, name)
    async with parts.database.write() as connection:
        await DatasetTables(connection).describe(found.id, change.description)
    return dataset_view(await find_dataset(parts, caller, name), caller)


@router.delete("/{name}", status_code=204)
async def delete_dataset(name: Name, caller: Annotated[Caller, allow("dataset:delete")], parts: Parts) -> None:
    """With every version of it."""
    found = await find_dataset(parts, caller, name)
    async with parts.database.write() as connection:
        await writing(connection, parts, caller).delete(found)
    gone = {"principal": caller.principal.id, "name": caller.principal.name, "dataset": name, "version": found.version}
    log.info("dataset deleted", extra={"fields": gone})


@router.get("/{name}/versions")
async def list_versions(
    name: Name,
    caller: Annotated[Caller, allow("dataset:list")],
    parts: Parts,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DatasetVersionView]:
    """The newest first, each with who made it."""
    found = await find_dataset(parts, caller, name)
    async with parts.database.read() as connection:
        made = await DatasetTables(connection).versions(found.id, before=offset_of(cursor) or None, limit=limit + 1)
    return page(made, limit=limit, view=_version_view, place=lambda each: str(each.version))


@router.post("/{name}/import")
async def import_lines(
    name: Name,
    file: UploadFile,
    caller: Annotated[Caller, allow("dataset:add")],
    parts: Parts,
    partly: Annotated[bool, Query(description="Take what is right even where lines are wrong.")] = False,
) -> ImportView:
    """JSON lines, an example each, in OpenAI's form for training or in the form of a whole export. All of them, or none."""
    found = await find_dataset(parts, caller, name)
    examples, faults = await asyncio.to_thread(lines.read_lines, await file.read())
    if faults and not partly:
        raise lines.told_faults(faults, lines=len(examples) + len(faults))
    if not examples and not faults:
        raise InvalidRequest("The file holds no line.", param="file")
    if examples:
        new = [New(each, Origin(source="import")) for each in examples]
        async with parts.database.write() as connection:
            await writing(connection, parts, caller).add(found, new, change="imported")
    return ImportView(
        added=len(examples),
        faults=[LineFaultView(line=each.line, message=each.message, param=each.param) for each in faults],
        dataset=dataset_view(await find_dataset(parts, caller, name), caller),
    )


@router.get("/{name}/export", response_class=StreamingResponse)
async def export_lines(
    name: Name,
    caller: Annotated[Caller, allow("dataset:read")],
    parts: Parts,
    version: Version = None,
    form: Annotated[
        lines.Form, Query(description="chat and preference are OpenAI's for training; whole is all of it.")
    ] = "chat",
    answer: Annotated[
        lines.Told, Query(description="Which answer chat ends with; best is the expected one, else the given.")
    ] = "best",
) -> StreamingResponse:
    """JSON lines, an example each. What cannot be read any more, or lacks what the form needs, is left out."""
    found = await find_dataset(parts, caller, name)
    asked = version_of(found, version)
    await parts.readings.reads_dataset(caller.principal, found.name, version=asked)

    async def written() -> AsyncGenerator[bytes]:
        read = opener(parts.database.read, DatasetTables)
        async for each in read_items(read, found, ItemQuery(asked), seal=parts.seals, text=None, now_ms=now_ms()):
            if each.body is not None and (line := lines.line_of(each.item, each.body, form=form, told=answer)) is not None:
                yield line

    headers = {"content-disposition": f'attachment; filename="{name}-{asked}.jsonl"', "cache-control": "private, no-store"}
    return StreamingResponse(written(), media_type="application/jsonl", headers=headers)


async def find_dataset(parts: Control, caller: Caller, name: str) -> Dataset:
    """One to which the caller may do what the route is about. Raises NotFound, and Forbidden where it may only be seen."""
    async with parts.database.read() as connection:
        tables = DatasetTables(connection)
        found = await tables.find(name)
        every = await tables.all() if found is None else ()
    if found is None or not caller.may(target_of(found), "dataset:list"):
        near = did_you_mean(name, [each.name for each in every if caller.may(target_of(each), "dataset:list")])
        raise NotFound(f"There is no dataset {name!r} that you may see.{near}", param="name")
    caller.require(target_of(found))
    return found


def version_of(dataset: Dataset, version: int | None) -> int:
    if version is not None and version > dataset.version:
        raise NotFound(f"{dataset.name!r} has no version {version}; its current one is {dataset.version}.", param="version")
    return dataset.version if version is None else version


def target_of(dataset: Dataset) -> Target:
    return Target("Dataset", id=dataset.name, team=dataset.team, owner=dataset.created_by)


def writing(connection: AsyncConnection, parts: Control, caller: Caller) -> Writing:
    return Writing(DatasetTables(connection), ContentTable(connection), parts.seals, by=caller.principal.id, now_ms=now_ms())


def dataset_view(found: Dataset, caller: Caller) -> DatasetView:
    actions = ("read", "add", "update", "delete")
    return DatasetView(
        name=found.name, team=found.team, description=found.description, version=found.version, items=found.items,
        created_by=found.created_by, created_at=moment(found.created_at), changed_at=moment(found.changed_at),
        may=[each for each in actions if caller.may(target_of(found), f"dataset:{each}")],
    )  # fmt: skip


def _version_view(made: DatasetVersion) -> DatasetVersionView:
    return DatasetVersionView(
        version=made.version, change=made.change, changed=made.changed, items=made.items, by=made.by, at=moment(made.at)
    )
