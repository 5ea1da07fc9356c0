"""`/internal/file-search`: what a gateway searches for a model with the tool of that name, as whoever asks the model."""

from typing import Annotated

from fastapi import APIRouter, Response
from msgspec.json import encode
from pydantic import Field

from stoa.api.access import Caller, Parts, allow_on_behalf
from stoa.api.vector_stores.finding import find_store
from stoa.api.vector_stores.forms import StoreQuestion
from stoa.api.vector_stores.searching import Result, ask
from stoa.domain.filesearch import PATH, FileFound, FilesFound

router = APIRouter(tags=["internal"], include_in_schema=False)


class FileQuestion(StoreQuestion):
    vector_store_ids: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(min_length=1, max_length=10)]


@router.post(PATH)
async def search_files(
    asked: FileQuestion, caller: Annotated[Caller, allow_on_behalf("passage:search")], parts: Parts
) -> Response:
    """The passages of several stores that fit best, among those that the caller may read."""
    async with parts.database.read() as connection:
        stores = [await find_store(connection, caller, each) for each in dict.fromkeys(asked.vector_store_ids)]
    _, results = await ask(parts, caller, stores, asked)
    return Response(encode(FilesFound(tuple(_found(each) for each in results))), media_type="application/json")


def _found(result: Result) -> FileFound:
    file_id, name = result.file
    return FileFound(passage=result.found.passage, file_id=file_id, filename=name, attributes=result.attributes)
