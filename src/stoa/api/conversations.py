"""`/api/conversations`: one's own, and nobody else's."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.feedback import FeedbackTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Form
from stoa.api.messages import ConversationDetail, ConversationView, conversation_view, detail_view
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control import conversations as control
from stoa.control.export import file_name, to_markdown
from stoa.domain.conversations import Conversation, Place
from stoa.errors import InvalidRequest
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/conversations", tags=["conversations"])

Id = Annotated[str, Path(alias="id")]


class NewConversation(Form):
    """`model` is a model, a route or `assistant/<name>`. Without a title, the first question gives one."""

    model: str
    title: str | None = None


class ConversationPatch(Form):
    title: str


@router.get("")
async def list_conversations(
    caller: Annotated[Caller, allow("conversation:list")],
    parts: Parts,
    search: Annotated[str, Query(max_length=200, description="Only those whose title or messages contain this.")] = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ConversationView]:
    """Latest first."""
    async with parts.database.read() as connection:
        found = await control.list_conversations(
            ConversationTables(connection), user_id=caller.principal.id, search=search, after=_after(cursor), limit=limit + 1
        )
    return page(found, limit=limit, view=conversation_view, place=_place)


@router.post("", status_code=201)
async def create_conversation(
    new: NewConversation, caller: Annotated[Caller, allow("conversation:create")], parts: Parts
) -> ConversationView:
    async with parts.database.write() as connection:
        made = await control.create_conversation(
            ConversationTables(connection), user_id=caller.principal.id, model=new.model, title=new.title, now_ms=now_ms()
        )
    return conversation_view(made)


@router.get("/{id}")
async def read_conversation(
    conversation_id: Id, caller: Annotated[Caller, allow("conversation:read")], parts: Parts
) -> ConversationDetail:
    """With its messages, and what was said about them."""
    async with parts.database.read() as connection:
        conversation, messages = await control.open_conversation(
            ConversationTables(connection), conversation_id, user_id=caller.principal.id, now_ms=now_ms()
        )
        return detail_view(conversation, messages, await FeedbackTable(connection).latest(conversation.id))


@router.patch("/{id}")
async def rename_conversation(
    conversation_id: Id, patch: ConversationPatch, caller: Annotated[Caller, allow("conversation:update")], parts: Parts
) -> ConversationView:
    async with parts.database.write() as connection:
        renamed = await control.rename_conversation(
            ConversationTables(connection), conversation_id, user_id=caller.principal.id, title=patch.title
        )
    return conversation_view(renamed)


@router.delete("/{id}", status_code=204)
async def delete_conversation(
    conversation_id: Id, caller: Annotated[Caller, allow("conversation:delete")], parts: Parts
) -> None:
    """With its messages and feedback, for good."""
    async with parts.database.write() as connection:
        await control.delete_conversation(
            ConversationTables(connection), FeedbackTable(connection), conversation_id, user_id=caller.principal.id
        )


@router.get("/{id}/export", response_class=Response)
async def export_conversation(
    conversation_id: Id,
    caller: Annotated[Caller, allow("conversation:read")],
    parts: Parts,
    form: Annotated[Literal["markdown", "json"], Query(alias="format")] = "markdown",
) -> Response:
    """As a file: Markdown to read, or JSON as `GET /api/conversations/{id}` gives it."""
    detail = None
    async with parts.database.read() as connection:
        conversation, messages = await control.open_conversation(
            ConversationTables(connection), conversation_id, user_id=caller.principal.id, now_ms=now_ms()
        )
        if form == "json":
            detail = detail_view(conversation, messages, await FeedbackTable(connection).latest(conversation.id))
    if detail is None:
        return _file(to_markdown(conversation, messages), "text/markdown", file_name(conversation, "md"))
    return _file(detail.model_dump_json(indent=2), "application/json", file_name(conversation, "json"))


def _file(content: str, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})


def _place(conversation: Conversation) -> str:
    return f"{conversation.updated_at_ms} {conversation.id}"


def _after(cursor: str | None) -> Place | None:
    place = place_of(cursor)
    if place is None:
        return None
    updated_at_ms, _, conversation_id = place.partition(" ")
    if not updated_at_ms.isdecimal() or len(updated_at_ms) > 15:
        raise InvalidRequest("The cursor is not one of this list; leave it out to begin anew.", param="cursor")
    return Place(int(updated_at_ms), conversation_id)
