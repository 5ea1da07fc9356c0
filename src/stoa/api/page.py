"""The web page: files that the build put into `page/` beside this file. A path without a file is the page's own route."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response

from stoa.api.access import Caller, allow
from stoa.api.refusals import nothing_at
from stoa.errors import NotFound

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "page"
_NOT_BUILT = "The web page is not built: run `make web` in the source folder. /api and /v1 work without it.\n"
_OTHERS = ("api", "v1", "internal", ".well-known")
"""Nothing of these is the page's. What programs look for under the last, such as who signs people in for MCP, must not seem to
be there: they would read the page as JSON."""


@router.get("/{path:path}")
async def read_page(path: str, request: Request, caller: Annotated[Caller, allow("page:read")]) -> Response:
    if path.partition("/")[0] in _OTHERS:
        return nothing_at(request)
    index = FOLDER / "index.html"
    if not index.is_file():
        return PlainTextResponse(_NOT_BUILT, status_code=503)
    file = (FOLDER / path).resolve()
    if path and file.is_relative_to(FOLDER.resolve()) and file.is_file():
        # The build names its assets by their content, so they never change.
        kept = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return FileResponse(file, headers={"cache-control": kept})
    if path.startswith("assets/"):
        raise NotFound(f"There is no file {path!r}.")
    return FileResponse(index, headers={"cache-control": "no-cache"})
