import pytest
from tests.adapters.providers.scripted import answer, connected

DOORS = [
    ("chat", False, "gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:generateContent"),
    ("chat", True, "gemini-2.5-flash", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
    ("chat", False, "tunedModels/my one", "/v1beta/tunedModels/my%20one:generateContent"),
    ("embedding", False, "models/gemini-embedding-001", "/v1beta/models/gemini-embedding-001:batchEmbedContents"),
]


@pytest.mark.parametrize(("door", "stream", "name", "target"), DOORS)
async def test_model_and_method_stand_in_the_path_and_the_key_in_a_header(
    table, scripted, recorder, door, stream, name, target
) -> None:
    scripted.answers.append(answer())
    heard = recorder()
    link = table.link(*connected("gemini", f"{scripted.url}/v1beta"))
    assert (link.form, link.native) == ("gemini", frozenset())
    link.door(door, name, stream=stream).post(b"{}", heard)
    await heard.wait()
    (request,) = scripted.asked
    assert (request.target, request.headers["x-goog-api-key"]) == (target, "sk-s3cret")
    assert "authorization" not in request.headers


async def test_a_name_cannot_leave_its_place_in_the_path(table, scripted, recorder) -> None:
    scripted.answers.append(answer())
    heard = recorder()
    link = table.link(*connected("gemini", scripted.url))
    link.door("chat", "m?key=x#/../../v1/files", stream=False).post(b"{}", heard)
    await heard.wait()
    assert scripted.asked[0].target == "/m%3Fkey%3Dx%23/..%2F..%2Fv1%2Ffiles:generateContent"
