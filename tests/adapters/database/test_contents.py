"""Contents in the database: sealed with a key of whose they are, for as long as their team keeps them."""

import pytest
from sqlalchemy import select

from stoa.adapters.database import Database
from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.opening import opener
from stoa.adapters.database.tables import contents
from stoa.adapters.secrets import Secrets
from stoa.adapters.secrets.contents import ContentSeals
from stoa.domain.contents import Content, Opened
from stoa.domain.identity import Principal
from stoa.errors import InvalidRequest, OperatorError
from stoa.ledger.contents import Read, read_content, record_contents

SEALS = ContentSeals(Secrets(b"m" * 32))
DAY = 86_400_000
ANN = Principal(kind="user", id="ann", name="ann", team="red")


class Heard:
    """Readings that remember."""

    def __init__(self) -> None:
        self.readings: list[tuple[str, str]] = []

    async def reads(self, principal: Principal, fact_id: str) -> None:
        self.readings.append((principal.id, fact_id))

    async def reads_dataset(self, principal: Principal, dataset: str, *, version: int) -> None:
        self.readings.append((principal.id, f"{dataset}@{version}"))


def content(fact_id: str, subject: str = "user:ann", days: int = 7, team: str = "red") -> Content:
    return Content(fact_id, 0, team, subject, days, b"what is it", b"it is this")


async def put(database: Database, *found: Content) -> None:
    import msgspec

    body = msgspec.msgpack.encode([SEALS.wrap(each) for each in found])
    await record_contents(body, transit=SEALS, seal=SEALS, write=opener(database.write, ContentTable), now_ms=0)


async def got(database: Database, fact_id: str, now_ms: int = 0, heard: Heard | None = None) -> Read:
    read = opener(database.read, ContentTable)
    return await read_content(fact_id, principal=ANN, read=read, seal=SEALS, readings=heard or Heard(), now_ms=now_ms)


async def test_a_content_comes_back_once_and_its_reading_is_told(database: Database) -> None:
    await put(database, content("a"), content("b", "key:k"))
    await put(database, content("a"))
    heard = Heard()
    assert await got(database, "a", heard=heard) == Read("stored", Opened(b"what is it", b"it is this", False, False))
    assert heard.readings == [("ann", "a")]
    assert await got(database, "nothing", heard=heard) == Read("none")
    assert heard.readings == [("ann", "a")]
    async with database.read() as connection:
        assert all(b"what is it" not in sealed for sealed in await connection.scalars(select(contents.c.sealed)))


async def test_to_destroy_a_subjects_key_erases_its_contents_and_no_others(database: Database) -> None:
    await put(database, content("a"), content("b", "user:bob"))
    async with database.write() as connection:
        assert await ContentTable(connection).erase("user:ann") == 1
    assert (await got(database, "a")).state == "erased"
    assert (await got(database, "b")).state == "stored"
    await put(database, content("c"))
    assert [(await got(database, fact_id)).state for fact_id in ("a", "c")] == ["erased", "stored"]


async def test_a_content_is_not_read_once_its_time_is_over(database: Database) -> None:
    await put(database, content("a", days=7))
    assert (await got(database, "a", now_ms=7 * DAY - 1)).state == "stored"
    assert (await got(database, "a", now_ms=7 * DAY)).state == "none"


async def test_a_team_that_keeps_less_keeps_less_at_once(database: Database) -> None:
    await put(database, content("a", days=7), content("b", days=1), content("other", team="blue"))
    async with database.write() as connection:
        await ContentTable(connection).shorten("red", 2, now_ms=0)
    at = 2 * DAY
    assert [(await got(database, each, now_ms=at)).state for each in ("a", "other")] == ["none", "stored"]
    async with database.write() as connection:
        await ContentTable(connection).shorten("red", None, now_ms=5)
    assert [(await got(database, each, now_ms=5)).state for each in ("a", "b", "other")] == ["none", "none", "stored"]


async def test_what_nobody_here_sealed_is_refused_in_words(database: Database) -> None:
    with pytest.raises(InvalidRequest, match="sealed contents"):
        await record_contents(b"\x91\xc4\x01x", transit=SEALS, seal=SEALS, write=opener(database.write, ContentTable), now_ms=0)


def test_a_content_of_one_request_does_not_open_as_anothers() -> None:
    key = SEALS.new_key()
    sealed = SEALS.seal(key, content("a"))
    assert SEALS.open(key, "a", sealed).request == b"what is it"
    with pytest.raises(OperatorError, match="does not open"):
        SEALS.open(key, "b", sealed)
    with pytest.raises(OperatorError, match="does not open"):
        SEALS.open(SEALS.new_key(), "a", sealed)
