"""Conversations and messages in the database, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from sqlalchemy import insert

from stoa.adapters.database import Database
from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.tables import teams, users
from stoa.domain.conversations import Conversation, Message, Place
from stoa.domain.passages import Citation, SentenceCheck

CITATION = Citation(1, "doc_1", "hr", "Travel", "travel.pdf", ("Hotels", "Limits"), 3, 10, 40, "Up to 180 € a night.", 0.5)


def conversation(name: str, **changed: object) -> Conversation:
    usual = Conversation(id=name, user_id="ann", title="Travel", model="gpt", created_at_ms=1, updated_at_ms=1)
    return msgspec.structs.replace(usual, **changed)


def message(name: str, position: int, **changed: object) -> Message:
    usual = Message(id=name, conversation_id="c", position=position, role="user", content="Hotels?", created_at_ms=1)
    return msgspec.structs.replace(usual, **changed)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[ConversationTables]:
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1}])
        for name in ("ann", "bob"):
            user = {"id": name, "name": name, "display_name": name, "team": "red", "created_at": 1}
            await connection.execute(insert(users), [user])
        yield ConversationTables(connection)


async def found(store: ConversationTables, search: str, user: str = "ann") -> list[str]:
    return [each.id for each in await store.page(user, search=search, after=None, limit=50)]


async def test_only_the_owner_finds_a_conversation(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    assert await store.find("c", user_id="ann") == conversation("c")
    assert await store.find("c", user_id="bob") is None
    assert await found(store, "", "bob") == []


async def test_saving_again_replaces(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    await store.save(conversation("c", title="Other", updated_at_ms=9))
    assert await store.find("c", user_id="ann", lock=True) == conversation("c", title="Other", updated_at_ms=9)


async def test_a_message_comes_back_as_it_went_in(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    question = message("m1", 0)
    answer = message("m2", 1, role="assistant", model="gpt", state="streaming", citations=(CITATION,))
    await store.add([question])
    await store.add([answer])
    assert await store.messages("c") == [question, answer]
    whole = msgspec.structs.replace(
        answer,
        content="Yes [1].",
        closest=(CITATION,),
        verification=(SentenceCheck(0, 8, "unsupported", (1,), ("Yes",)),),
        state="complete",
        request_id="r",
        prompt_tokens=2**40,
        completion_tokens=2,
        cost_nano_usd=3,
    )
    assert await store.write(whole, now_ms=77)
    assert await store.message("m2", user_id="ann") == whole
    assert await store.message("m2", user_id="bob") is None
    alive = await store.find("c", user_id="ann")
    assert alive is not None and alive.updated_at_ms == 77


async def test_writing_a_deleted_message_says_that_it_is_gone(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    assert not await store.write(message("m", 0), now_ms=1)


async def test_cutting_removes_the_message_and_all_behind_it(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    for position in range(4):
        await store.add([message(f"m{position}", position)])
    await store.cut("c", position=2)
    assert [each.id for each in await store.messages("c")] == ["m0", "m1"]


async def test_removing_leaves_no_row(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    await store.save(conversation("d"))
    await store.add([message("m", 0), message("n", 0, conversation_id="d")])
    await store.remove("c")
    assert await found(store, "") == ["d"]
    assert [each.id for each in await store.messages("d")] == ["n"]
    assert await store.messages("c") == []


async def test_pages_follow_on_each_other_latest_first(store: ConversationTables) -> None:
    for n in range(5):
        await store.save(conversation(f"c{n}", updated_at_ms=10 + n // 2))
    first = await store.page("ann", search="", after=None, limit=2)
    second = await store.page("ann", search="", after=Place(first[-1].updated_at_ms, first[-1].id), limit=9)
    assert [each.id for each in [*first, *second]] == ["c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize("search", ["travel", "TRAVEL", "hotel", "50%", "a_b", "\\"])
async def test_search_finds_title_and_content_in_either_case(store: ConversationTables, search: str) -> None:
    await store.save(conversation("c", title="About travel"))
    await store.add([message("m", 0, content="Hotels at 50% off, a_b \\")])
    await store.save(conversation("d", title="500", updated_at_ms=0))
    await store.add([message("n", 0, conversation_id="d", content="axb /")])
    assert await found(store, search) == ["c"]


async def test_search_does_not_reach_other_people_s_messages(store: ConversationTables) -> None:
    await store.save(conversation("c"))
    await store.add([message("m", 0, content="secret plan")])
    await store.save(conversation("d", user_id="bob", title="Bob's"))
    assert await found(store, "secret", "bob") == []


async def test_search_knows_the_case_of_letters_beyond_ascii(store: ConversationTables) -> None:
    await store.save(conversation("c", title="ÜBER Örtliches"))
    assert await found(store, "über örtliches") == await found(store, "ÜBER ÖRTLICHES") == ["c"]


async def test_abandoned_answers_fail_and_living_ones_do_not(store: ConversationTables) -> None:
    await store.save(conversation("c", updated_at_ms=100))
    await store.save(conversation("d", updated_at_ms=200))
    await store.add([message("m", 0, role="assistant", state="streaming", content="Up to")])
    await store.add([message("n", 0, conversation_id="d", role="assistant", state="streaming")])
    await store.add([message("o", 1, conversation_id="c", role="assistant", state="complete")])
    assert await store.fail_abandoned("crashed", silent_since_ms=150) == 1
    first, second = await store.messages("c")
    assert (first.state, first.error, first.content) == ("failed", "crashed", "Up to")
    assert second.state == "complete"
    assert (await store.messages("d"))[0].state == "streaming"
    assert await store.fail_abandoned("crashed", silent_since_ms=300, conversation_id="c") == 0
