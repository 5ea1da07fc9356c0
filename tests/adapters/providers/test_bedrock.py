import re

import msgspec
import pytest
from tests.adapters.providers.scripted import SECRETS, answer, connected
from tests.adapters.providers.test_credentials_sigv4 import verify

from stoa.domain.upstream import Opened
from stoa.errors import OperatorError

NAME = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = "arn:aws:bedrock:us-east-1:1:inference-profile/x"


async def asked(table, scripted, recorder, provider, opened, door="chat", *, name=NAME, stream=False, lines=b""):
    scripted.answers.append(answer())
    heard = recorder()
    table.link(provider, opened).door(door, name, stream=stream).post(b'{"messages":[]}', heard, lines)
    await heard.wait()
    assert heard.failure is None
    return scripted.asked[-1]


@pytest.mark.parametrize(
    ("door", "stream", "name", "target"),
    [
        ("chat", False, NAME, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
        ("chat", True, NAME, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"),
        ("chat", False, ARN, "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse"),
        ("embedding", False, "amazon.titan-embed-text-v2:0", "/model/amazon.titan-embed-text-v2%3A0/invoke"),
    ],
)
async def test_every_request_is_signed_as_it_leaves(table, scripted, recorder, door, stream, name, target) -> None:
    provider, opened = connected("bedrock", scripted.url)
    request = await asked(table, scripted, recorder, provider, opened, door, name=name, stream=stream, lines=b"x-more: 1\r\n")
    assert request.target == target
    assert request.headers["host"] == scripted.url.removeprefix("http://")
    assert re.fullmatch(r"\d{8}T\d{6}Z", request.headers["x-amz-date"])
    assert "/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date, " in request.headers["authorization"]
    verify(request.line, dict(request.headers), request.body, secret=SECRETS[1])


async def test_a_session_token_goes_along_and_is_signed(table, scripted, recorder) -> None:
    provider, opened = connected("bedrock", scripted.url + "/proxy")
    opened = Opened(None, {**opened.credentials, "aws_session_token": "session"}, {})
    request = await asked(table, scripted, recorder, provider, opened)
    assert request.target.startswith("/proxy/model/")
    assert request.headers["x-amz-security-token"] == "session"
    assert "x-amz-security-token" in request.headers["authorization"].split("SignedHeaders=")[1]
    verify(request.line, dict(request.headers), request.body, secret=SECRETS[1])


async def test_one_of_bedrock_s_own_keys_is_a_bearer_and_nothing_is_signed(table, scripted, recorder) -> None:
    provider, _ = connected("bedrock", scripted.url)
    request = await asked(table, scripted, recorder, provider, Opened("bedrock-api-key-1", {}, {}))
    assert request.headers["authorization"] == "Bearer bedrock-api-key-1"
    assert "x-amz-date" not in request.headers


async def test_a_key_or_a_region_that_is_missing_is_named(table, scripted) -> None:
    provider, opened = connected("bedrock", scripted.url)
    with pytest.raises(OperatorError, match=r"credentials.aws_secret_access_key"):
        table.link(provider, Opened(None, {"aws_access_key_id": "A"}, {}))
    with pytest.raises(OperatorError, match=r"'region'"):
        table.link(msgspec.structs.replace(provider, region=None), opened)


async def test_it_speaks_a_form_of_its_own(table, scripted) -> None:
    link = table.link(*connected("bedrock", scripted.url))
    assert (link.form, link.native, link.door("rerank", "m", stream=False)) == ("bedrock", frozenset(), None)
