"""`/api/documents/{id}/citation`: a passage that was cited, opened later: under the rights of now, in the document of now."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from stoa.api.access import Caller, Parts, allow
from stoa.api.documents import PassageView, document_view, find_document, parsed_text
from stoa.api.forms import Form, Whole
from stoa.knowledge.passage import find_cited, open_passage

router = APIRouter(prefix="/api/documents", tags=["documents"])

Id = Annotated[str, Path(alias="id")]

_MOST = 1 << 53


class Cited(Form):
    """A citation as an answer carries it: `passage` is the text that was cited from characters `start` to `end`."""

    start: Annotated[Whole, Field(ge=0, le=_MOST)]
    end: Annotated[Whole, Field(ge=1, le=_MOST)]
    passage: Annotated[str, Field(min_length=1, max_length=100_000)]


class OpenedCitation(PassageView):
    """`state` says how the document has treated the passage: it still `stands` there, it has `moved` to `start`, or the
    document was `changed` and does not hold it any more. Then `passage` is what was cited, and nothing stands around it.
    """

    state: Literal["stands", "moved", "changed"]
    start: int
    end: int


@router.post("/{id}/citation")
async def open_citation(
    id_: Id, cited: Cited, caller: Annotated[Caller, allow("document:read")], parts: Parts
) -> OpenedCitation:
    """What a citation points to now. Raises NotFound for whoever may not read the document now, whatever they were shown."""
    document, collection = await find_document(parts, caller, id_)
    parsed = await parsed_text(parts, document, collection)
    place = find_cited(parsed.text, start=cited.start, end=cited.end, cited=cited.passage)
    if place is None:
        return OpenedCitation(
            document=document_view(document), page=None, heading=[], before="", passage=cited.passage, after="",
            state="changed", start=cited.start, end=cited.end,
        )  # fmt: skip
    start, end = place
    opened = open_passage(parsed, start=start, end=end)
    return OpenedCitation(
        document=document_view(document), page=opened.page, heading=list(opened.heading), before=opened.before,
        passage=opened.passage, after=opened.after, state="stands" if start == cited.start else "moved", start=start, end=end,
    )  # fmt: skip
