"""`stoa ask`: one question, the answer, and where it is written."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from stoa.cli import output
from stoa.cli.ask_key import kept_key, make_key
from stoa.cli.fresh_key import wait_until_known
from stoa.cli.panels import START
from stoa.cli.root import root
from stoa.cli.target import Target, target
from stoa.cli.verbs import verb
from stoa.errors import OperatorError, ProviderError, Unauthenticated

_EXCERPT = 200


@verb(root, "ask", action="chat:create", panel=START)
def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="What to ask.")],
    assistant: Annotated[str | None, typer.Option(help="Ask this assistant.")] = None,
    collection: Annotated[str | None, typer.Option(help="Ask the documents of this collection.")] = None,
    model: Annotated[str | None, typer.Option(help="Ask this model or route, without documents.")] = None,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="STOA_KEY",
            help="Inference key to ask with; its groups decide what it may read.",
            show_default="one of the home",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Ask a question; the answer cites the passages it stands on."""
    names = [
        name
        for name in (assistant and f"assistant/{assistant}", collection and f"collection/{collection}", model)
        if name is not None
    ]
    if len(names) != 1:
        raise typer.BadParameter("name one of --assistant, --collection and --model")
    request = {"model": names[0], "stream": True, "messages": [{"role": "user", "content": question}]}
    place = target(ctx)
    text: list[str] = []
    citations: list[dict[str, Any]] = []
    closest: list[dict[str, Any]] = []
    for event in _answer(place, key, request):
        if event["choices"] and (piece := event["choices"][0]["delta"].get("content")):
            text.append(piece)
            if not json:
                typer.echo(piece, nl=False)
        citations += event.get("stoa", {}).get("citations", [])
        closest += event.get("stoa", {}).get("closest", [])
    if json:
        output.as_json({"model": names[0], "answer": "".join(text), "citations": citations, "closest": closest})
        return
    output.result("")
    for citation in citations:
        number = typer.style(f"[{citation['n']}]", bold=True)
        output.result(f"\n{number} {_described(citation)}")
    if closest:
        output.result("\nClosest to the question:")
    for passage in closest:
        output.result(f"\n{_described(passage)}")


def _answer(place: Target, key: str | None, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events of the answer. Any: chat completion chunks as JSON."""
    url, local = place.entry()
    if key is not None:
        yield from _events(place, url, key, request)
    elif local:
        yield from _answer_by_own_key(place, url, request)
    else:
        raise OperatorError(f"Asking {url} needs an inference key: set STOA_KEY. One is made there with: stoa key create NAME")


def _answer_by_own_key(place: Target, url: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if kept := kept_key(place):
        try:
            yield from _events(place, url, kept, request)
            return
        except Unauthenticated:  # revoked, or of a database that is no more
            pass
    made = make_key(place)
    wait_until_known(place, made)
    yield from _events(place, url, made, request)


def _events(place: Target, url: str, key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with place.client(url, key) as api, api.stream("/v1/chat/completions", request) as events:
        for event in events:
            if "error" in event:
                raise ProviderError(event["error"]["message"])
            yield event


def _described(citation: dict[str, Any]) -> str:
    """A citation as two lines: title, headings, file and page; then the beginning of the passage."""
    where = " > ".join([citation["title"], *citation["heading"]])
    page = f", page {citation['page']}" if citation.get("page") else ""
    passage = " ".join(citation["passage"].split())
    excerpt = passage if len(passage) <= _EXCERPT else f"{passage[:_EXCERPT].rsplit(' ', 1)[0]} ..."
    return f"{where} ({citation['path']}{page})\n    {excerpt}"
