"""What holds for every kind: an answer reaches whoever asked as the upstream gave it, and no secret reaches anybody else."""

import asyncio
import json
import logging
import struct
import zlib
from typing import get_args

import msgspec
import pytest
from tests.adapters.providers.scripted import SECRETS, answer, connected, stream
from tests.adapters.providers.test_credentials_sigv4 import verify

from stoa.adapters.providers.table import MODULES
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Model
from stoa.domain.upstream import Opened
from stoa.errors import MissingExtra, OperatorError

KINDS = [kind for kind in get_args(ProviderType) if kind not in ("litellm", "tei")]
"""Those that chat over a connection of ours."""
FAMILIES = ["openai", "azure", "anthropic", "gemini", "vertex", "bedrock", "cohere"]


def aws_event(kind: str, payload: object, *, exception: bool = False) -> bytes:
    """One message of AWS' event stream: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html."""

    def header(name: str, value: str) -> bytes:
        return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()

    body = json.dumps(payload).encode()
    told = header(":exception-type" if exception else ":event-type", kind)
    headers = (
        told + header(":content-type", "application/json") + header(":message-type", "exception" if exception else "event")
    )
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def pieces(kind: str) -> list[bytes]:
    """The beginning of a stream in the kind's own form, and then an error within it."""
    match kind:
        case "bedrock":
            return [
                aws_event("contentBlockDelta", {"delta": {"text": "Hel"}, "contentBlockIndex": 0}),
                aws_event("throttlingException", {"message": "Too many requests"}, exception=True),
            ]
        case "anthropic":
            return [
                b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n',
                b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
            ]
        case "gemini" | "vertex":
            return [
                b'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"}}]}\r\n\r\n',
                b'data: {"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}\r\n\r\n',
            ]
        case "cohere":
            return [
                b'data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hel"}}}}\n\n',
                b'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"x"}}\n\n',
            ]
        case _:
            return [
                b'data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
                b'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n',
            ]


def ask(table, scripted, kind, heard, *, door="chat", stream=False, body=b"{}", limits=None):
    provider, opened = connected(kind, scripted.url)
    if limits:
        provider = msgspec.structs.replace(provider, **limits)
    endpoint = table.link(provider, opened).door(door, "some-model", stream=stream)
    return endpoint.post(body, heard)


def test_every_kind_has_a_module() -> None:
    assert {*MODULES, "litellm"} == set(get_args(ProviderType))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_arrives_with_its_status_headers_and_body(table, scripted, recorder, kind) -> None:
    body = {"error": {"message": "slow down", "type": "rate_limit"}}
    scripted.answers.append(
        answer(429, body, retry_after="7", x_ratelimit_remaining_requests="0", x_amzn_errortype="Throttling")
    )
    heard = recorder()
    ask(table, scripted, kind, heard)
    await heard.wait()
    assert (heard.status, heard.failure, json.loads(heard.body)) == (429, None, body)
    headers = dict(heard.headers)
    assert (headers[b"retry-after"], headers[b"x-ratelimit-remaining-requests"]) == (b"7", b"0")


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_within_a_stream_arrives_byte_for_byte(table, scripted, recorder, kind) -> None:
    content_type = "application/vnd.amazon.eventstream" if kind == "bedrock" else "text/event-stream"
    scripted.answers.append(stream(pieces(kind), content_type=content_type))
    heard = recorder()
    ask(table, scripted, kind, heard, stream=True)
    await heard.wait()
    assert (heard.status, heard.failure, bytes(heard.body)) == (200, None, b"".join(pieces(kind)))
    assert dict(heard.headers)[b"content-type"] == content_type.encode()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_dies_is_told_apart_from_one_that_ended(table, scripted, recorder, kind) -> None:
    scripted.answers.append(stream(pieces(kind)[:1], ends=False))
    heard = recorder()
    ask(table, scripted, kind, heard, stream=True)
    await heard.wait()
    assert heard.failure is not None
    assert (heard.failure.kind, bytes(heard.body)) == ("truncated", pieces(kind)[0])


@pytest.mark.parametrize("kind", FAMILIES)
async def test_a_stream_that_drips_arrives_piece_by_piece_and_one_that_stops_is_given_up(
    table, scripted, recorder, kind
) -> None:
    first, second = pieces(kind)
    cuts = [first[:9], 0.01, first[9:], 0.01, second[:3], 0.01, second[3:], 60.0]
    scripted.answers.append(stream(cuts))
    heard = recorder()
    ask(table, scripted, kind, heard, stream=True, limits={"idle_timeout_s": 0.1})
    await heard.wait()
    assert bytes(heard.body) == first + second
    assert heard.failure is not None
    assert heard.failure.kind == "timeout"


@pytest.mark.parametrize("kind", KINDS)
async def test_no_secret_is_in_a_message_or_a_log_line(table, scripted, recorder, kind, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    scripted.token = lambda asked: answer(401, {"error": "invalid_client", "error_description": asked.body.decode()})
    scripted.answers.append([None])
    heard = recorder()
    ask(table, scripted, kind, heard)
    await heard.wait()
    said = caplog.text + str(heard.failure) + repr(connected(kind, scripted.url)[1].headers)
    assert heard.failure is not None
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_operator_s_headers_go_along_and_win(table, scripted, recorder, kind) -> None:
    provider, opened = connected(kind, scripted.url)
    opened = Opened(opened.api_key, opened.credentials, {"X-Trace": "on", "User-Agent": "acme"})
    scripted.answers.append(answer())
    heard = recorder()
    table.link(provider, opened).door("chat", "m", stream=False).post(b"{}", heard, b"x-request-id: r1\r\n")
    await heard.wait()
    headers = scripted.asked[0].headers
    assert (headers["x-trace"], headers["user-agent"], headers["x-request-id"]) == ("on", "acme", "r1")


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_no_header_can_carry_is_named_and_not_shown(kind) -> None:
    from stoa.adapters.providers.memory import MemoryUpstreams, Scripted
    from stoa.adapters.providers.table import ProviderTable

    provider, opened = connected(kind, "http://127.0.0.1:1")
    table = ProviderTable(MemoryUpstreams(lambda _: Scripted()))
    with pytest.raises(OperatorError, match="'p', field 'api_key'") as caught:
        table.link(provider, Opened("sk-s3cret\n", opened.credentials, {}))
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("kind", KINDS)
async def test_a_door_that_is_not_offered_is_none_and_the_model_s_own_fields_win(table, scripted, kind) -> None:
    link = table.link(*connected(kind, scripted.url))
    assert link.door("chat", "m", stream=True) is not None
    assert all(link.door(form, "m", stream=False) is not None for form in link.native)
    if kind not in ("openai", "openai-compatible"):
        assert link.door("image_variation", "m", stream=False) is None
    model = Model(name="m", provider="p", max_output_tokens=77, max_tokens_field="max_tokens", drop_fields=("seed",))
    known = link.facts(model)
    assert (known.max_output_tokens, known.max_tokens_field) == (77, "max_tokens")
    assert "seed" in known.drop


async def test_cancelling_while_waiting_for_a_token_calls_nothing_back(table, scripted, recorder) -> None:
    heard = recorder()
    call = ask(table, scripted, "vertex", heard)
    call.pause()
    call.cancel()
    await asyncio.sleep(0.2)
    assert (heard.status, heard.failure, scripted.asked) == (None, None, [])


def test_a_package_that_is_missing_is_named_with_what_to_install(monkeypatch) -> None:
    import importlib.util

    from stoa.adapters.providers.memory import MemoryUpstreams, Scripted
    from stoa.adapters.providers.table import ProviderTable

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    provider, opened = connected("litellm", "http://127.0.0.1:1")
    with pytest.raises(MissingExtra, match=r"pip install 'stoa\[litellm\]'"):
        ProviderTable(MemoryUpstreams(lambda _: Scripted())).link(provider, opened)


@pytest.mark.parametrize("kind", KINDS)
async def test_whether_it_is_there_is_asked_below_the_base_url_with_the_credential(table, scripted, recorder, kind) -> None:
    scripted.answers += [answer(404), answer(404)]
    provider, opened = connected(kind, scripted.url)
    link = table.link(msgspec.structs.replace(provider, base_url=scripted.url + "/proxy"), opened)
    for _ in range(2):
        heard = recorder()
        link.health("/models").post(b"", heard)
        await heard.wait()
        assert (heard.status, heard.failure) == (404, None)
    request = scripted.asked[0]
    assert (request.line.split(" ")[0], request.body) == ("GET", b"")
    assert request.target.startswith("/proxy")
    assert request.target.partition("?")[0].endswith("/models")
    credentials = {"authorization", "api-key", "x-api-key", "x-goog-api-key"} & request.headers.keys()
    assert len(credentials) == 1
    if kind == "bedrock":
        verify(request.line, dict(request.headers), request.body, secret=SECRETS[1])
