"""A log of contents that lives in memory: the fake of its port."""

from stoa.domain.contents import Content


class MemoryContents:
    """Implements `domain.contents.ContentLog`. While `full` is set it drops."""

    def __init__(self) -> None:
        self.contents: list[Content] = []
        self.full = False
        self.dropped = 0

    @property
    def kept(self) -> int:
        return len(self.contents)

    def keep(self, content: Content) -> None:
        if self.full:
            self.dropped += 1
        else:
            self.contents.append(content)
