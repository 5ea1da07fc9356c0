import base64
import json
from urllib.parse import parse_qs

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from tests.adapters.providers.scripted import PEM, PUBLIC_KEY, answer, connected

from stoa.adapters.providers.memory import MemoryUpstreams, Scripted
from stoa.adapters.providers.table import ProviderTable
from stoa.domain.upstream import Opened
from stoa.errors import OperatorError

PLACE = "/v1/projects/acme/locations/europe-west4/publishers"


def vertex(scripted, **changed):
    provider, opened = connected("vertex", scripted.url)
    return msgspec.structs.replace(provider, base_url=f"{scripted.url}/v1", **changed), opened


async def asked(table, scripted, recorder, provider, opened, door, *, name="m", stream=False, body=b"{}", reply=b"{}"):
    scripted.answers.append(answer(body=reply))
    heard = recorder()
    table.link(provider, opened).door(door, name, stream=stream).post(body, heard)
    await heard.wait()
    assert heard.failure is None, heard.failure
    return scripted.asked[-1], heard


@pytest.mark.parametrize(("stream", "method"), [(False, "generateContent"), (True, "streamGenerateContent?alt=sse")])
async def test_project_location_and_model_stand_in_the_path(table, scripted, recorder, stream, method) -> None:
    request, _ = await asked(table, scripted, recorder, *vertex(scripted), "chat", name="gemini-2.5-flash", stream=stream)
    assert request.target == f"{PLACE}/google/models/gemini-2.5-flash:{method}"
    assert request.headers["authorization"] == "Bearer tok-1"


async def test_the_token_is_asked_for_with_an_assertion_that_the_account_s_key_signed(table, scripted, recorder) -> None:
    await asked(table, scripted, recorder, *vertex(scripted), "chat")
    form = parse_qs(scripted.tokens_asked[0].body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")

    def decoded(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    PUBLIC_KEY.verify(decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(decoded(claims))
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert (said["iss"], said["aud"]) == ("stoa@acme.iam.gserviceaccount.com", f"{scripted.url}/token")
    assert said["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert said["exp"] - said["iat"] == 3600


async def test_claude_is_asked_at_its_publisher_with_the_version_in_the_body(table, scripted, recorder) -> None:
    provider, opened = vertex(scripted, speaks=("messages",))
    link = table.link(provider, opened)
    assert (link.form, link.native, link.door("count_tokens", "m", stream=False)) == ("messages", {"messages"}, None)
    body = b'{"model":"claude","max_tokens":5,"messages":[],"temperature":0.10}'
    for stream, method in ((False, "rawPredict"), (True, "streamRawPredict")):
        request, _ = await asked(
            table, scripted, recorder, provider, opened, "messages", name="claude-sonnet-4-5@20250929", stream=stream, body=body
        )
        assert request.target == f"{PLACE}/anthropic/models/claude-sonnet-4-5%4020250929:{method}"
        assert request.json == {"max_tokens": 5, "messages": [], "temperature": 0.1, "anthropic_version": "vertex-2023-10-16"}
        assert b"0.10" in request.body, "values pass as they were written"


async def test_embeddings_in_gemini_s_form_are_asked_of_predict(table, scripted, recorder) -> None:
    wanted = [
        {"model": "models/e", "content": {"parts": [{"text": text}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 2}
        for text in ("a", "b")
    ]
    predictions = [{"embeddings": {"values": [0.5, number], "statistics": {"token_count": 3}}} for number in (1.0, 2.0)]
    request, heard = await asked(
        table, scripted, recorder, *vertex(scripted), "embedding", name="text-embedding-005",
        body=json.dumps({"requests": wanted}).encode(), reply={"predictions": predictions},
    )  # fmt: skip
    assert request.target == f"{PLACE}/google/models/text-embedding-005:predict"
    assert request.json == {
        "instances": [{"content": text, "task_type": "RETRIEVAL_QUERY"} for text in ("a", "b")],
        "parameters": {"outputDimensionality": 2},
    }
    assert json.loads(heard.body) == {
        "embeddings": [{"values": [0.5, 1.0]}, {"values": [0.5, 2.0]}],
        "usageMetadata": {"promptTokenCount": 6},
    }
    assert b"content-length" not in dict(heard.headers)


async def test_an_answer_of_predict_that_is_none_is_a_failure(table, scripted, recorder) -> None:
    scripted.answers.append(answer(body={"predictions": [{"x": 1}]}))
    heard = recorder()
    table.link(*vertex(scripted)).door("embedding", "e", stream=False).post(b'{"requests":[]}', heard)
    await heard.wait()
    assert heard.failure.kind == "malformed"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "needs the key file of a service account"),
        ("not json", "not the key file"),
        (
            json.dumps({"client_email": "a", "token_uri": "http://127.0.0.1:1/t", "private_key": "PRIVATE KEY"}),
            "not an RSA key",
        ),
        (json.dumps({"client_email": "a", "private_key": PEM}), "not the key file"),
    ],
)
def test_a_key_file_that_is_of_no_use_is_refused_without_showing_it(text, complaint) -> None:
    provider, _ = connected("vertex", "http://127.0.0.1:1")
    opened = Opened(None, {} if text is None else {"service_account": text}, {})
    with pytest.raises(OperatorError, match=complaint) as caught:
        ProviderTable(MemoryUpstreams(lambda _: Scripted())).link(provider, opened)
    assert "PRIVATE" not in caught.value.message
