"""Runs of events that differ in nothing but one text, made into one: a long answer is read at the cost of a short one.

A stream of a thousand words is a thousand events of the same form. Reading each as JSON takes milliseconds, in which nobody
else is served.
"""

import re
from collections.abc import Iterable, Iterator

CONTENT = re.compile(rb'content"\s*:\s*"((?:[^"\\]++|\\.)*+)"')
"""A string under `content` or `reasoning_content`. Inside a string the quotes would be escaped, and it would not match."""

_OTHER_TEXT = re.compile(rb'(?:content|refusal|arguments|text)"\s*:\s*"[^"]')


def joined_runs(events: Iterable[bytes]) -> Iterator[bytes]:
    """The events of a chat completion's stream, where neighbours that carry but a piece of one text each are joined."""
    before = after = b""
    texts: list[bytes] = []
    for event in events:
        if texts:
            text = event[len(before) : max(len(before), len(event) - len(after))]
            if before + text + after == event and b'"' not in text and not text.endswith(b"\\"):
                texts.append(text)
                continue
            yield b"".join((before, *texts, after))
            texts = []
        found = CONTENT.search(event)
        if found is None or _OTHER_TEXT.search(event, 0, found.start(1)) or _OTHER_TEXT.search(event, found.end(1)):
            yield event
        else:
            before, after = event[: found.start(1)], event[found.end(1) :]
            texts = [found[1]]
    if texts:
        yield b"".join((before, *texts, after))
