"""Conversations: begin, find, rename, delete; titles."""

from collections.abc import AsyncIterator

import pytest

from stoa.adapters.database import Database
from stoa.adapters.database.conversations import ConversationTables
from stoa.adapters.database.feedback import FeedbackTable
from stoa.control.conversations import (
    create_conversation,
    delete_conversation,
    list_conversations,
    open_conversation,
    rename_conversation,
    title_from,
)
from stoa.domain.conversations import UNTITLED
from stoa.errors import InvalidRequest, NotFound


@pytest.fixture
async def store(peopled: Database) -> AsyncIterator[ConversationTables]:
    async with peopled.write() as connection:
        yield ConversationTables(connection)


async def test_a_new_conversation_is_empty_and_waits_for_its_title(store: ConversationTables) -> None:
    made = await create_conversation(store, user_id="ann", model="assistant/hr", now_ms=5)
    assert (made.title, made.model) == (UNTITLED, "assistant/hr")
    assert await open_conversation(store, made.id, user_id="ann", now_ms=5) == (made, [])


async def test_nobody_else_opens_renames_or_deletes_it(store: ConversationTables) -> None:
    made = await create_conversation(store, user_id="ann", model="gpt", now_ms=5)
    with pytest.raises(NotFound):
        await open_conversation(store, made.id, user_id="bob", now_ms=5)
    with pytest.raises(NotFound):
        await rename_conversation(store, made.id, user_id="bob", title="Mine")
    with pytest.raises(NotFound):
        await delete_conversation(store, FeedbackTable(store._connection), made.id, user_id="bob")
    assert await list_conversations(store, user_id="bob", limit=10) == []
    assert await open_conversation(store, made.id, user_id="ann", now_ms=5) == (made, [])


async def test_renaming_trims_and_keeps_the_place_in_the_list(store: ConversationTables) -> None:
    made = await create_conversation(store, user_id="ann", model="gpt", now_ms=5)
    renamed = await rename_conversation(store, made.id, user_id="ann", title="  Hotel\n limits ")
    assert (renamed.title, renamed.updated_at_ms) == ("Hotel limits", 5)


@pytest.mark.parametrize("title", ["", " \n", "x" * 201])
async def test_a_title_that_is_none_is_refused(store: ConversationTables, title: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await create_conversation(store, user_id="ann", model="gpt", title=title, now_ms=5)
    assert caught.value.param == "title"


@pytest.mark.parametrize("model", ["", "x" * 81, "a\0b", "a\nb"])
async def test_a_model_that_no_name_fits_is_refused(store: ConversationTables, model: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await create_conversation(store, user_id="ann", model=model, now_ms=5)
    assert caught.value.param == "model"


async def test_search_ignores_spaces_around_and_what_no_text_holds(store: ConversationTables) -> None:
    made = await create_conversation(store, user_id="ann", model="gpt", title="Hotel limits", now_ms=5)
    assert await list_conversations(store, user_id="ann", search=" hotel\0 ", limit=5) == [made]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What may a hotel cost?", "What may a hotel cost?"),
        ("  one\n\ntwo  ", "one two"),
        (
            "How many days of leave do people get in their first year, and from when on?",
            "How many days of leave do people get in their first year…",
        ),
        ("x" * 100, "x" * 59 + "…"),
        ("ab " + "x" * 100, "ab " + "x" * 56 + "…"),
    ],
)
def test_a_title_is_the_beginning_of_the_question_cut_between_words(question: str, title: str) -> None:
    assert title_from(question) == title
