import pytest
from tests.adapters.providers.scripted import answer, connected

from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Opened


@pytest.mark.parametrize(("door", "path"), [("embedding", "/v1/embeddings"), ("rerank", "/rerank")])
async def test_embeddings_are_below_a_version_and_rerank_is_not(table, scripted, recorder, door, path) -> None:
    scripted.answers.append(answer())
    heard = recorder()
    provider = Provider(name="t", type="tei", base_url=scripted.url)
    table.link(provider, Opened(None, {}, {})).door(door, "m", stream=False).post(b"{}", heard)
    await heard.wait()
    assert scripted.asked[0].line == f"POST {path} HTTP/1.1"
    assert "authorization" not in scripted.asked[0].headers


async def test_it_does_not_chat_and_reranks_in_its_own_way(table) -> None:
    link = table.link(*connected("tei", "http://127.0.0.1:1"))
    assert (link.native, link.door("chat", "m", stream=False)) == (frozenset(), None)
    assert link.facts(Model(name="m", provider="p")).rerank == "tei"
