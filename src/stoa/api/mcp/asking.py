"""The tool `ask`: the client's own model writes an answer from passages that the caller may read, and each sentence is checked.

The prompt, the numbers in brackets and the check are those of assistants. What the client says that its model wrote is text and
nothing else: citations come from the passages that were found.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import mcp_types as types
from pydantic import Field

from stoa.api.forms import Form, View, Whole
from stoa.api.mcp.catalog import Asked
from stoa.api.mcp.choosing import Named, chosen
from stoa.api.mcp.forming import tool
from stoa.api.mcp.links import url_of
from stoa.api.search import searched
from stoa.domain.passages import Passage, SentenceCheck
from stoa.errors import InvalidRequest
from stoa.gateway.augment import fit, prompt
from stoa.gateway.citing import citations
from stoa.gateway.verification.verify import verify

CONTEXT_TOKENS = 8_000
"""Budget for all passages together."""

ANSWER_TOKENS = 1_500
MOST_CHARACTERS = 20_000
"""Of an answer: more than a model writes within its tokens."""

NOTHING = "Nothing was found in the documents that you may read."


class AskArguments(Form):
    question: Annotated[str, Field(min_length=1, max_length=2000, description="What the user wants to know.")]
    collections: Named = None
    passages: Annotated[Whole, Field(ge=1, le=20, description="Passages to answer from, at most.")] = 8


class Cited(View):
    """What a number in brackets stands for."""

    n: int
    id: str
    title: str
    url: str
    collection: str
    path: str
    heading: list[str]
    page: int | None
    text: str


class Checked(View):
    """A sentence that states something; `missing` are the numbers and names in it that stand in none of its passages."""

    text: str
    state: Literal["supported", "unsupported", "uncited"]
    missing: list[str]


class Answer(View):
    """`model` is the client's, which wrote it; null where nothing was found and none was asked."""

    answer: str
    model: str | None
    citations: list[Cited]
    sentences: list[Checked]


async def ask(asked: Asked, wanted: AskArguments) -> Answer:
    caller = asked.to("passage:search")
    collections = await chosen(asked, caller, wanted.collections)
    await asked.report.progress(0, 3, f"Collections to search: {len(collections)}")
    found, _, _ = await searched(asked.parts, caller, collections, wanted.question, limit=wanted.passages)
    passages = fit([each.passage for each in found], CONTEXT_TOKENS)
    if not passages:
        return Answer(answer=NOTHING, model=None, citations=[], sentences=[])
    await asked.report.progress(1, 3, f"Passages to answer from: {len(passages)}")
    written = await asked.client.sample("answer", _request(wanted.question, passages))
    await asked.report.progress(2, 3, "Answer to be checked")
    text = _text(written)
    return Answer(
        answer=text,
        model=written.model[:200],
        citations=[
            Cited(
                n=each.n, id=each.document_id, title=each.title, url=url_of(asked, each.collection, each.document_id),
                collection=each.collection, path=each.path, heading=list(each.heading), page=each.page, text=each.passage,
            )
            for each in citations(text, passages)
        ],
        sentences=[_checked(text, each) for each in verify(text, passages)],
    )  # fmt: skip


def _request(question: str, passages: Sequence[Passage]) -> types.CreateMessageRequestParams:
    """All of it in one message: clients may leave a system prompt out."""
    told = prompt("", passages, with_passages=True, question=question, standing_alone=question)
    message = types.TextContent(type="text", text=f"{told}\n\nQuestion: {question}")
    return types.CreateMessageRequestParams(
        messages=[types.SamplingMessage(role="user", content=message)], max_tokens=ANSWER_TOKENS
    )


def _text(written: types.CreateMessageResult) -> str:
    """Raises InvalidRequest for what is no answer in words."""
    content = written.content
    if written.role != "assistant" or not isinstance(content, types.TextContent) or not content.text.strip():
        raise InvalidRequest(
            f"The client was to answer with text from the role 'assistant', and gave {content.type!r} from {written.role!r}.",
            code="client_answer",
        )
    if len(content.text) > MOST_CHARACTERS:
        raise InvalidRequest(
            f"The client's answer has {len(content.text):,} characters, more than {MOST_CHARACTERS:,}.", code="client_answer"
        )
    return content.text.strip()


def _checked(text: str, check: SentenceCheck) -> Checked:
    return Checked(text=text[check.start : check.end], state=check.state, missing=list(check.missing))


ASK = tool(
    "ask",
    "Answer from documents",
    "Have a question answered from the organisation's documents: the passages that the user may read are found, the user's own "
    "model writes the answer with a number in brackets for each passage, and each sentence is held against its passages.",
    AskArguments,
    Answer,
    ask,
    needs="sampling",
)
