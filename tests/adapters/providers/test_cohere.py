import pytest
from tests.adapters.providers.scripted import answer, connected


@pytest.mark.parametrize(("door", "path"), [("chat", "/v2/chat"), ("embedding", "/v2/embed"), ("rerank", "/v2/rerank")])
async def test_each_door_is_a_path_of_the_second_version(table, scripted, recorder, door, path) -> None:
    scripted.answers.append(answer())
    heard = recorder()
    link = table.link(*connected("cohere", f"{scripted.url}/v2"))
    assert (link.form, link.native) == ("cohere", frozenset())
    link.door(door, "command-a", stream=True).post(b"{}", heard)
    await heard.wait()
    (request,) = scripted.asked
    assert (request.target, request.headers["authorization"]) == (path, "Bearer sk-s3cret")
