"""Parsing in a child process: whatever a file does, it does it to the child."""

import asyncio

import psutil
import pytest

from stoa.adapters.parsers.process import ParserProcesses
from stoa.errors import Unreadable

pytestmark = pytest.mark.slow


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "stoa.adapters.parsers.child" in " ".join(child.cmdline())]


async def test_a_file_is_read_in_a_child_that_is_used_again_and_ends_when_idle() -> None:
    parser = ParserProcesses(idle_s=0.2)
    assert (await parser.parse(b"# T\n\nx", name="a.md")).headings[0].text == "T"
    (child,) = children()
    assert (await parser.parse(b"a,b\n1,2", name="a.csv")).text == "a: 1; b: 2"
    assert [each.pid for each in children()] == [child.pid]
    await asyncio.to_thread(child.wait, 10)
    await parser.close()
    assert children() == []


async def test_reasons_come_through_and_the_child_goes_on() -> None:
    parser = ParserProcesses()
    with pytest.raises(Unreadable, match="broken"):
        await parser.parse(b"%PDF- nonsense", name="a.pdf")
    assert (await parser.parse(b"fine", name="a.txt")).text == "fine"
    await parser.close()


async def test_a_parser_that_takes_too_long_is_killed() -> None:
    parser = ParserProcesses(timeout_s=0.01)
    with pytest.raises(Unreadable, match="took longer"):
        await parser.parse(b"x", name="a.txt")
    await parser.close()
    assert children() == []


async def test_a_parser_that_dies_costs_its_file_and_no_other() -> None:
    parser = ParserProcesses(size=1)
    await parser.parse(b"x", name="a.txt")
    children()[0].kill()
    with pytest.raises(Unreadable, match="crash"):
        await parser.parse(b"x", name="a.txt")
    assert (await parser.parse(b"fine", name="a.txt")).text == "fine"
    await parser.close()


async def test_an_oversized_file_is_refused_before_it_is_sent() -> None:
    parser = ParserProcesses(most_bytes=10)
    with pytest.raises(Unreadable, match="limit is 10"):
        await parser.parse(b"x" * 11, name="a.txt")
    assert children() == []


async def test_many_files_share_a_few_children() -> None:
    parser = ParserProcesses(size=2)
    found = await asyncio.gather(*(parser.parse(f"text {n}".encode(), name="a.txt") for n in range(20)))
    assert [document.text for document in found] == [f"text {n}" for n in range(20)]
    assert len(children()) <= 2
    await parser.close()
