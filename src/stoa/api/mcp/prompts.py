"""Prompts that people choose in their client: to be answered from documents, and to have one summed up."""

from collections.abc import Mapping, Sequence

import mcp_types as types

from stoa.api.mcp.catalog import Asked, Prompt
from stoa.api.mcp.documents import read_part, uri_of
from stoa.errors import InvalidRequest


async def answer_from_documents(asked: Asked, given: Mapping[str, str]) -> types.GetPromptResult:
    question, collection = _needed(given, "question"), given.get("collection")
    where = f"the collection {collection!r}" if collection else "the organisation's documents"
    text = (
        f"Answer the question from {where}, and from nothing else that you know. Use the tool `search` first, with the "
        "question and again with other words where that finds too little; read a document whole with `fetch` where its "
        "passages leave something open. After every statement name the document that it stands on, with its link. If the "
        f"documents do not answer the question, say so.\n\nQuestion: {question}"
    )
    return types.GetPromptResult(description="Answer from documents", messages=[_said(text)])


async def summarise_document(asked: Asked, given: Mapping[str, str]) -> types.GetPromptResult:
    part = await read_part(asked, _needed(given, "document"))
    text = types.TextResourceContents(uri=uri_of(part.document), mime_type="text/plain", text=part.text)
    shown = types.PromptMessage(role="user", content=types.EmbeddedResource(type="resource", resource=text))
    wish = f"Sum up the document {part.document.title!r}: what it is about, what it settles, for whom, and from when on."
    return types.GetPromptResult(description=part.document.title, messages=[shown, _said(wish)])


def _said(text: str) -> types.PromptMessage:
    return types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))


def _needed(given: Mapping[str, str], name: str) -> str:
    if not given.get(name, "").strip():
        raise InvalidRequest(f"The prompt needs the argument {name!r}.", param=name)
    return given[name]


PROMPTS: Sequence[Prompt] = (
    Prompt(
        types.Prompt(
            name="answer_from_documents",
            title="Answer from documents",
            description="Answer a question from the organisation's documents, with links to them.",
            arguments=[
                types.PromptArgument(name="question", description="What you want to know.", required=True),
                types.PromptArgument(name="collection", description="Only from this collection."),
            ],
        ),
        answer_from_documents,
    ),
    Prompt(
        types.Prompt(
            name="summarise_document",
            title="Sum up a document",
            description="Sum up one document, given whole.",
            arguments=[
                types.PromptArgument(name="collection", description="The collection that it is in, to find its id by."),
                types.PromptArgument(name="document", description="The document's id, as search gives it.", required=True),
            ],
        ),
        summarise_document,
    ),
)
