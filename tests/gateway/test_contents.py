"""What was asked and answered is kept of those teams that say so, and is in nobody's way."""

import asyncio
import json
from typing import Any

from stoa.adapters.providers.memory import Scripted
from stoa.adapters.wal.memory_contents import MemoryContents
from stoa.domain.snapshot import TeamLimits
from stoa.gateway.contents import ship_contents
from stoa.settings import GatewaySettings

KEEPS = {"company": TeamLimits(content_days=7)}


async def test_nothing_is_kept_unless_the_team_says_so(house) -> None:
    log = MemoryContents()
    here = house(contents=log)
    await here.chat(temperature=1)
    assert log.contents == []


async def test_a_whole_answer_is_kept_with_what_was_asked(house) -> None:
    log = MemoryContents()
    here = house(contents=log, teams=KEEPS)
    reply = await here.chat(temperature=1)
    (kept,) = log.contents
    assert (kept.id, kept.team, kept.subject, kept.days) == (here.facts[0].id, "company", "key:app", 7)
    assert json.loads(kept.request)["messages"][0]["content"] == "What is DevOps?"
    assert (kept.answer, kept.cut, kept.masked) == (reply.body, False, False)


async def test_of_a_stream_the_answer_is_kept_that_it_amounts_to(house, make) -> None:
    log = MemoryContents()
    here = house(make.stream(*make.talk("It ", "is.")), contents=log, teams=KEEPS)
    await here.chat(stream=True)
    (kept,) = log.contents
    assert kept.answer is not None
    assert json.loads(kept.answer)["choices"][0]["message"]["content"] == "It is."


async def test_out_of_the_cache_it_is_kept_too_whole_or_as_a_stream(house) -> None:
    log = MemoryContents()
    here = house(contents=log, teams=KEEPS)
    await here.chat()
    await here.chat()
    await here.chat(stream=True)
    assert [fact.cache for fact in here.facts] == ["miss", "hit", "hit"]
    texts = [json.loads(kept.answer or b"")["choices"][0]["message"]["content"] for kept in log.contents]
    assert texts == ["It is a practice."] * 3


async def test_what_failed_is_kept_with_its_error(house) -> None:
    log = MemoryContents()
    here = house(Scripted(503, [b"{}"]), contents=log, teams=KEEPS)
    await here.chat(temperature=1)
    (kept,) = log.contents
    assert "error" in json.loads(kept.answer or b"")


async def test_of_large_ones_the_beginning_is_kept(house) -> None:
    log = MemoryContents()
    here = house(contents=log, teams=KEEPS, settings=GatewaySettings(content_bytes=100))
    await here.chat(text="x" * 1000, temperature=1)
    (kept,) = log.contents
    assert (len(kept.request), kept.cut) == (100, True)


async def test_a_log_without_room_changes_nothing_for_the_client_and_is_counted(house) -> None:
    log = MemoryContents()
    log.full = True
    here = house(contents=log, teams=KEEPS)
    assert (await here.chat(temperature=1)).status == 200
    assert here.gateway.sheet().numbers["stoa_contents_total"][("dropped",)] == 1


class Spool:
    """Batches in memory."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)

    def batches(self) -> list[str]:
        return list(self.names)

    def read(self, batch: str) -> bytes:
        return batch.encode()

    def remove(self, batch: str) -> None:
        self.names.remove(batch)


async def test_batches_go_to_control_in_order_and_stay_until_it_has_them() -> None:
    spool, sent, all_sent = Spool("a", "bad", "b"), list[bytes](), asyncio.Event()
    answers = {b"a": 204, b"bad": 400, b"b": 503}

    async def fetch(method: str, path: str, **options: Any) -> tuple[int, bytes]:
        assert (method, path) == ("POST", "/internal/contents")
        sent.append(options["body"])
        if len(sent) == len(answers):
            all_sent.set()
        return answers[options["body"]], b""

    task = asyncio.create_task(ship_contents(spool, fetch))
    await asyncio.wait_for(all_sent.wait(), 5)
    await asyncio.sleep(0.01)
    task.cancel()
    assert (sent, spool.names) == ([b"a", b"bad", b"b"], ["b"])
