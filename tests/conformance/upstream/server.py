"""A provider for the outside suites: `python -m tests.conformance.upstream.server` prints its URL and serves until it is ended.

A test double. It speaks the true wire forms of OpenAI (below /v1) and Anthropic (below /anthropic/v1), asks for a key in each
form's own header, and answers by the rules in `script.py`.
"""

import hashlib
import json
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.conformance.upstream import anthropic_form, openai_form, operations_form
from tests.conformance.upstream.exchange import Json, Refused
from tests.conformance.upstream.script import reply_to

KEY = "scripted-upstream-key"
OPENAI_MODELS = ("gpt-5-script", "gpt-4o-script")
ANTHROPIC_MODELS = ("claude-sonnet-4-script",)
EMBEDDING_MODELS = ("embed-script",)
OPERATION_MODELS = {
    "judge-script": "moderation", "draw-script": "image", "say-script": "speech", "hear-script": "transcription",
    "rank-script": "rerank",
}  # fmt: skip
"""With what each of them does."""


async def chat(request: Request) -> Response:
    async def answer() -> Response:
        body = await _body(request, OPENAI_MODELS)
        _check_bearer(request)
        prompt = openai_form.read(body)
        reply = reply_to(prompt)
        if body.get("stream") is True:
            return _events(openai_form.streamed(body, prompt, reply))
        return JSONResponse(openai_form.whole(body, prompt, reply))

    return await _refusing(answer, openai_form.refusal)


async def embed(request: Request) -> Response:
    async def answer() -> Response:
        body = await _body(request, EMBEDDING_MODELS)
        _check_bearer(request)
        return JSONResponse(openai_form.embeddings(body))

    return await _refusing(answer, openai_form.refusal)


async def moderate(request: Request) -> Response:
    return await _operation(request, lambda body: JSONResponse(operations_form.moderations(body)))


async def rerank(request: Request) -> Response:
    return await _operation(request, lambda body: JSONResponse(operations_form.rerank(body)))


async def draw(request: Request) -> Response:
    def answer(body: Json) -> Response:
        if body.get("stream"):
            return _events(operations_form.images_streamed(body["prompt"], body.get("partial_images") or 0))
        return JSONResponse(operations_form.images(body["prompt"], body.get("n") or 1))

    return await _operation(request, answer)


async def redraw(request: Request) -> Response:
    """Edits and variations."""

    def answer(body: Json) -> Response:
        seen = hashlib.sha256(body["image"]).hexdigest()[:12]
        return JSONResponse(operations_form.images(body.get("prompt", "again"), int(body.get("n") or 1), seen=seen))

    return await _operation(request, answer)


async def say(request: Request) -> Response:
    def answer(body: Json) -> Response:
        if body.get("stream_format") == "sse":
            return _events(operations_form.speech_streamed(body))
        pieces, kind = operations_form.speech(body)
        return StreamingResponse(iter(pieces), media_type=kind)

    return await _operation(request, answer)


async def hear(request: Request) -> Response:
    def answer(body: Json) -> Response:
        text = operations_form.heard(body["file"], body["file.name"])
        if body.get("stream") == "true":
            return _events(operations_form.transcript_streamed(text))
        found = operations_form.transcript(text, body.get("response_format", "json"))
        return JSONResponse(found) if isinstance(found, dict) else PlainTextResponse(found)

    return await _operation(request, answer)


async def messages(request: Request) -> Response:
    async def answer() -> Response:
        _check_anthropic(request)
        body = await _body(request, ANTHROPIC_MODELS)
        prompt = anthropic_form.read(body)
        reply = reply_to(prompt)
        if body.get("stream") is True:
            return _events(anthropic_form.streamed(body, prompt, reply))
        return JSONResponse(anthropic_form.whole(body, prompt, reply))

    return await _refusing(answer, anthropic_form.refusal)


async def count_tokens(request: Request) -> Response:
    async def answer() -> Response:
        _check_anthropic(request)
        body = await _body(request, ANTHROPIC_MODELS)
        return JSONResponse(anthropic_form.count(anthropic_form.read(body, counting=True)))

    return await _refusing(answer, anthropic_form.refusal)


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embed, methods=["POST"]),
        Route("/v1/rerank", rerank, methods=["POST"]),
        Route("/v1/moderations", moderate, methods=["POST"]),
        Route("/v1/images/generations", draw, methods=["POST"]),
        Route("/v1/images/edits", redraw, methods=["POST"]),
        Route("/v1/images/variations", redraw, methods=["POST"]),
        Route("/v1/audio/speech", say, methods=["POST"]),
        Route("/v1/audio/transcriptions", hear, methods=["POST"]),
        Route("/v1/audio/translations", hear, methods=["POST"]),
        Route("/anthropic/v1/messages", messages, methods=["POST"]),
        Route("/anthropic/v1/messages/count_tokens", count_tokens, methods=["POST"]),
    ]
)


async def _refusing(answer: Callable[[], Any], form: Callable[[Refused], Json]) -> Response:
    try:
        response = await answer()
    except Refused as refused:
        response = JSONResponse(form(refused), status_code=refused.status)
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # a field of another type than it must be
        response = JSONResponse(form(Refused(f"The request is not as it must be: {error!r}.")), status_code=400)
    response.headers["request-id"] = response.headers["x-request-id"] = "req_scripted"
    return response


async def _operation(request: Request, made: Callable[[Json], Response]) -> Response:
    async def answer() -> Response:
        _check_bearer(request)
        is_form = request.headers.get("content-type", "").startswith("multipart/")
        return made(await _form(request) if is_form else await _body(request, tuple(OPERATION_MODELS)))

    return await _refusing(answer, openai_form.refusal)


async def _form(request: Request) -> Json:
    """Fields by name; of a file its bytes, and its name as `<field>.name`. A list of files is the first of them."""
    found: Json = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            plain = name.removesuffix("[]")
            if isinstance(value, str):
                found[plain] = value
            else:
                found.setdefault(plain, await value.read())
                found[f"{plain}.name"] = value.filename
    if found.get("model") not in OPERATION_MODELS:
        raise Refused(f"The model {found.get('model')!r} does not exist.", status=404, param="model", code="model_not_found")
    return found


async def _body(request: Request, models: tuple[str, ...]) -> Json:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise Refused(f"We could not parse the JSON body of your request: {error}.") from None
    if not isinstance(body, dict):
        raise Refused("The body must be a JSON object.")
    if "model" not in body:
        raise Refused("you must provide a model parameter")
    if body["model"] not in models:
        told = f"The model {body['model']!r} does not exist or you do not have access to it."
        raise Refused(told, status=404, param="model", code="model_not_found")
    return body


def _check_bearer(request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {KEY}":
        raise Refused("Incorrect API key provided.", status=401, code="invalid_api_key")


def _check_anthropic(request: Request) -> None:
    if request.headers.get("x-api-key") != KEY and request.headers.get("authorization") != f"Bearer {KEY}":
        raise Refused("invalid x-api-key", status=401)
    if "anthropic-version" not in request.headers:
        raise Refused("anthropic-version: header is required")


def _events(events: Iterator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
