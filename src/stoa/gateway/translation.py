"""What of a request goes to one target, and what its whole answer is to the client: untouched in one dialect, or translated."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from stoa.dialects import embeddings, rerank
from stoa.dialects.answer import Answer, FinishReason, Started
from stoa.dialects.conversation import Conversation, Refusal
from stoa.dialects.table import CLIENTS, UPSTREAMS
from stoa.domain.operations import ClientForm
from stoa.domain.upstream import Door, Endpoint, Facts
from stoa.errors import ProviderError
from stoa.gateway.accounts import account_in, usage_of
from stoa.gateway.ask import Ask, OperationAsk
from stoa.gateway.bodies import adjusted, body_for
from stoa.gateway.plan import Target
from stoa.gateway.replay import text_in, text_of_answer
from stoa.gateway.reshaping import Reshaped
from stoa.gateway.surface import Surface
from stoa.gateway.usage import Usage
from stoa.gateway.wire import Wire, reader_of
from stoa.kit.ids import new_id

_DOORS: dict[ClientForm, Door] = {
    "chat": "chat", "completions": "completions", "messages": "messages", "responses": "responses"
}  # fmt: skip


Paid = Callable[[Target, Usage | None], None]
"""Told of answers that cost though they are of no use."""


class Outgoing(NamedTuple):
    """A request as one target gets it. `wire` is the dialect of its answer."""

    endpoint: Endpoint
    body: bytes
    wire: Wire


class Whole(NamedTuple):
    """A whole answer in the client's dialect."""

    body: bytes
    usage: Usage | None
    text: Callable[[], str]
    """Its text, for whoever needs it."""
    answer: Answer | None
    """What was translated; None when the bytes are the upstream's own."""


def outgoing(
    surface: Surface,
    target: Target,
    ask: Ask,
    body: bytes,
    form: ClientForm | None,
    conversation: Callable[[], Conversation],
    *,
    paid: Paid,
) -> Outgoing:
    """`form` is the body's; `paid` is told of answers to a part of it, where the rest failed.

    Raises InvalidRequest naming a field that cannot be carried, ProviderError for no offer.
    """
    if isinstance(ask, OperationAsk):
        endpoint = target.door(surface.door, ask.streamed)
        if endpoint is None:
            raise not_offered(target, surface)
        sent = ask.body_for(body, target.upstream_name)
        if target.facts.drop and not ask.asked.boundary:
            sent = adjusted(sent, target.facts, limits=False)
        return Outgoing(endpoint, sent, None)
    if form is None and surface.door == "rerank" and target.facts.rerank != "jina":
        return _reranked(surface, target, body, target.facts.rerank, paid)
    if form is None and surface.door == "embedding" and target.form != "chat":
        return _embedded(surface, target, body, paid)
    if form is None or form in target.native:
        endpoint = target.door(surface.door if form is None else _DOORS[form], ask.streamed)
        if endpoint is None:
            raise not_offered(target, surface)
        meter = ask.streamed and not ask.wants_usage
        sent = body_for(body, ask, target.upstream_name, meter=meter)
        facts = target.facts
        if not target.as_it_is and (form == "chat" or facts.drop or facts.fields):
            sent = adjusted(sent, facts, limits=form == "chat")
        return Outgoing(endpoint, sent, form)
    endpoint = target.door("messages" if target.form == "messages" else "chat", ask.streamed)
    if endpoint is None:
        raise not_offered(target, surface)
    sent = UPSTREAMS[target.form].write(conversation(), model=target.upstream_name, facts=target.facts)
    return Outgoing(endpoint, sent, target.form)


def _embedded(surface: Surface, target: Target, body: bytes, paid: Paid) -> Outgoing:
    """Embeddings in another form than OpenAI's."""
    endpoint, form = target.door("embedding", stream=False), embeddings.FORMS.get(target.form)
    if endpoint is None or form is None:
        raise not_offered(target, surface)
    request = embeddings.read_request(body)
    bodies = form.write(request, model=target.upstream_name, facts=target.facts)

    def join(answers: Sequence[bytes]) -> bytes:
        return embeddings.join_answers(form, answers, request, model=target.model).body

    def lost(answers: Sequence[bytes]) -> None:
        paid(target, usage_of(embeddings.used_by(form, answers)))

    return Outgoing(Reshaped(endpoint, bodies, join, lost), body, target.form)


def _reranked(surface: Surface, target: Target, body: bytes, style: rerank.Style, paid: Paid) -> Outgoing:
    """Rerank in another form than clients speak."""
    endpoint = target.door("rerank", stream=False)
    if endpoint is None:
        raise not_offered(target, surface)
    asked = rerank.read_request(body)
    sent = rerank.write(asked, style=style, model=target.upstream_name, facts=target.facts)

    def back(answers: Sequence[bytes]) -> bytes:
        return rerank.read(answers[0], asked, style=style, model=target.model, answer_id=new_id("rerank")).body

    def spent(answers: Sequence[bytes]) -> None:
        paid(target, None)

    return Outgoing(Reshaped(endpoint, [sent], back, spent), body, target.form)


def not_offered(target: Target, surface: Surface) -> ProviderError:
    return ProviderError(f"Provider {target.provider!r} does not offer {surface.path}.", code="not_offered", status=404)


def whole(surface: Surface, wire: Wire, body: bytes, *, head: Started, conversation: Callable[[], Conversation]) -> Whole:
    """`head` names what the answer itself does not: its id, its model, its time.

    Raises ValueError when the body is not of the dialect, AnswerFailed when it tells that there is no answer.
    """
    form = surface.form
    if wire == form or form is None:
        usage = surface.usage(body)
        if wire != form and usage is not None and not usage.prompt_tokens:
            usage = None  # put together here, where none is the word for what nobody told
        return Whole(body, usage, lambda: text_in(form, body), None)
    answer = reader_of(wire).read_answer(body, model=head.model)
    answer.id = answer.id or head.id
    answer.created_s = answer.created_s or head.created_s
    written = CLIENTS[form].write_answer(answer, conversation())
    return Whole(written, usage_of(answer.usage, account_in(body)), lambda: text_of_answer(answer), answer)


def finish_of(answer: Answer) -> tuple[FinishReason, bool]:
    """Why the first choice ended, and whether it is a refusal."""
    if not answer.choices:
        return "stop", False
    first = answer.choices[0]
    return first.finish, any(isinstance(part, Refusal) for part in first.content)


def in_chat_form(conversation: Conversation) -> bytes:
    """The same request as a chat completion, for what works on that form alone: assistants. Raises InvalidRequest."""
    return UPSTREAMS["chat"].write(conversation, model=conversation.model, facts=Facts())
