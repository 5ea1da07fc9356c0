"""Parsing in this process: the fake for tests and for files of one's own."""

from stoa.adapters.parsers.read import read
from stoa.domain.documents import ParsedDocument


class DirectParser:
    """The parser port without a child process, a timeout or a limit."""

    async def parse(self, data: bytes, *, name: str) -> ParsedDocument:
        return read(data, name)
