"""Documents indexed again: read anew from the bytes that are kept, and found as they were until then."""

import msgspec
import pytest
from tests.knowledge.test_ingest import TEAM, Place, place

from stoa.adapters.database.library import DatabaseLibrary
from stoa.domain.documents import ParsedDocument, parsed_name
from stoa.domain.identity import AccessTag
from stoa.domain.narrowing import EVERY, DocumentFilter
from stoa.errors import NotFound
from stoa.knowledge.fingerprint import CHUNKER, PARSER
from stoa.knowledge.reindex import reindex

__all__ = ["place"]

HR = frozenset({"group:hr"})


async def again(place: Place, wanted: DocumentFilter = EVERY, held: frozenset[AccessTag] = TEAM) -> tuple[str, int]:
    async with place.database.write() as connection:
        job = await reindex(DatabaseLibrary(connection), collection="c", wanted=wanted, held=held, by="x", now_ms=2)
    return job.id, job.total


async def test_a_document_is_read_from_its_bytes_whatever_text_was_kept(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"# Apples\n\nRed ones."}))
    document = await place.document("a.md")
    name = parsed_name(document.digest, document.path, version=PARSER)
    wrong = ParsedDocument(title="", text="An older reader made this.")
    await place.objects.put(name, msgspec.json.encode(wrong))
    job, total = await again(place)
    assert total == 1
    await place.ingestion.rights(job)
    assert await place.readable(TEAM) == ["a.md"]  # until it is done it is found as it was
    assert (await place.work(job)).state == "succeeded"
    assert b"Red ones." in (await place.objects.get(name) or b"")
    assert (await place.document("a.md")).state == "indexed"
    assert await place.readable(TEAM) == ["a.md"]


async def test_a_filter_about_content_is_held_against_what_the_asker_may_read(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples.", "b.md": b"Pears."}))
    await place.work(await place.queue({"h.md": b"Salaries."}, acl=HR))
    assert (await again(place, DocumentFilter(path=("*.md",))))[1] == 2
    assert (await again(place, DocumentFilter(path=("*.md",)), held=TEAM | HR))[1] == 3
    assert (await again(place, DocumentFilter(parser_before=99)))[1] == 3
    with pytest.raises(NotFound, match="No document in 'c'"):
        await again(place, DocumentFilter(path=("h.md",)))


async def test_whether_something_hidden_is_repeated_cannot_be_asked(place: Place) -> None:
    words = " ".join(f"word{n}" for n in range(60))
    await place.work(await place.queue({"h.txt": words.encode()}, acl=HR))
    await place.work(await place.queue({"guess.txt": f"{words} more".encode()}))
    assert (await again(place, DocumentFilter(duplicate=True), held=TEAM | HR))[1] == 1
    with pytest.raises(NotFound):
        await again(place, DocumentFilter(duplicate=True))


async def test_what_failed_is_tried_again_alone(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples.", "bad.pdf": b"%PDF nonsense"}))
    job, total = await again(place, DocumentFilter(state=("failed",)))
    assert total == 1
    assert (await place.work(job)).failed == 1
    assert (await place.document("bad.pdf")).state == "failed"


async def test_a_document_says_what_made_its_passages_and_what_it_repeats(place: Place) -> None:
    words = " ".join(f"word{n}" for n in range(60))
    await place.work(await place.queue({"a.txt": words.encode()}))
    await place.work(await place.queue({"b.txt": f"{words} more".encode(), "c.txt": b"Something else altogether."}))
    first, second, third = [await place.document(f"{name}.txt") for name in "abc"]
    assert second.traits is not None
    assert third.traits is not None
    assert (second.traits.parser, second.traits.chunker) == (PARSER, CHUNKER)
    assert second.traits.embedder
    assert second.traits.duplicate_of == first.id
    assert third.traits.duplicate_of is None


async def test_rights_that_change_while_a_document_is_read_again_are_those_that_hold(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples."}))
    job, _ = await again(place)
    other = await place.queue({"a.md": b"Apples."}, acl=HR)
    await place.ingestion.rights(other)
    assert await place.readable(TEAM) == []
    await place.work(job)
    await place.work(other)
    assert await place.readable(HR) == ["a.md"]
    assert await place.readable(TEAM) == []
