"""The tool `ask`: the client's own model writes an answer from passages that the caller may read, and each sentence is checked.

The prompt, the numbers in brackets and the check are those of assistants, and so are the guardrails: what goes to the
client's model and what it wrote are judged in a gateway, and go no further where they cannot be. What the client says that its
model wrote is text and nothing else: citations come from the passages that were found.
"""

import re
from collections.abc import Awaitable, Sequence
from typing import Annotated, Literal

import mcp_types as types
from pydantic import Field

from stoa.api.access import Caller
from stoa.api.forms import Form, View, Whole
from stoa.api.mcp.catalog import Asked
from stoa.api.mcp.choosing import Named, chosen
from stoa.api.mcp.forming import tool
from stoa.api.mcp.links import url_of
from stoa.api.search import payer, searched
from stoa.domain.behalf import Behalf
from stoa.domain.guards import Judged
from stoa.domain.passages import Passage, SentenceCheck
from stoa.domain.usage import LENT
from stoa.errors import InvalidRequest
from stoa.gateway.augment import fit, prompt
from stoa.gateway.citing import citations
from stoa.gateway.verification.verify import verify

CONTEXT_TOKENS = 8_000
"""Budget for all passages together."""

ANSWER_TOKENS = 1_500
MOST_CHARACTERS = 20_000
"""Of an answer: more than a model writes within its tokens."""

NAME = f"{LENT}ask"
"""As records have it."""

_REFUSED = re.compile(r"passages\[(\d+)\]")

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
    found, _ = await searched(asked.parts, caller, collections, wanted.question, limit=wanted.passages)
    asked.held.note(*(each.document for each in found))
    passages = fit([each.passage for each in found], CONTEXT_TOKENS)
    if not passages:
        return Answer(answer=NOTHING, model=None, citations=[], sentences=[])
    await asked.report.progress(1, 3, f"Passages to answer from: {len(passages)}")
    behalf = _behalf(caller, payer(caller, collections[0]))
    given = await _judged(asked.parts.warden.judge_request(wanted.question, passages, name=NAME, behalf=behalf), passages)
    written = await asked.client.sample("answer", _request(given.text, given.passages))
    await asked.report.progress(2, 3, "Answer to be checked")
    judging = asked.parts.warden.judge_answer(_text(written), given.passages, name=NAME, behalf=behalf, asked=given.id)
    told = await _judged(judging, passages)
    return Answer(
        answer=told.text,
        model=written.model[:200],
        citations=[
            Cited(
                n=each.n, id=each.document_id, title=each.title, url=url_of(asked, each.collection, each.document_id),
                collection=each.collection, path=each.path, heading=list(each.heading), page=each.page, text=each.passage,
            )
            for each in citations(told.text, told.passages)
        ],
        sentences=[_checked(told.text, each) for each in verify(told.text, given.passages)],
    )  # fmt: skip


def _behalf(caller: Caller, team: str) -> Behalf:
    """Whose request it is for the gateway, which knows no management keys."""
    match caller.principal.kind:
        case "user":
            return Behalf(user=caller.principal.id)
        case "inference_key":
            return Behalf(key=caller.principal.id)
        case _:
            return Behalf(team=team)


async def _judged(judging: Awaitable[Judged], passages: Sequence[Passage]) -> Judged:
    """Raises InvalidRequest, which names the document where it was for one, and ProviderError."""
    try:
        return await judging
    except InvalidRequest as error:
        at = _REFUSED.fullmatch(error.param or "")
        if at is None or int(at[1]) >= len(passages):
            raise
        passage = passages[int(at[1])]
        raise InvalidRequest(
            f"{error.message} It stands in the document {passage.path!r} of the collection {passage.collection!r}, among the "
            "passages that fit the question: tell who looks after that collection, or ask about something else.",
            code=error.code,
        ) from None


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
