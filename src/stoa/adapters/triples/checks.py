"""What of a query is refused before any store sees it: what would ask other servers, choose other graphs, or write.

A text is not rewritten. That no SERVICE gets through must not hang on reading `<` as the store does, which is a comparison in
one place and begins an IRI in another: where both readings are possible and would tell strings and comments apart otherwise, a
text with that word is refused.
"""

import re

from stoa.errors import InvalidRequest

MOST = 65_536
"""Characters of a query."""

_STRING = (
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|' + r"'''(?:[^'\\]|\\.|'(?!''))*'''|" + r'"(?:[^"\\\n\r]|\\.)*"|' + r"'(?:[^'\\\n\r]|\\.)*'"
)
_TOKEN = re.compile(
    rf"{_STRING}|(?P<open>[\"'])|(?P<iri><[^<>\"{{}}|^`\\\x00-\x20]*>)|#[^\n\r]*|[?$]\w+|:\w+|(?P<word>\w+)(?P<prefix>:\w*)?",
    re.DOTALL,
)
_MOST_OPEN = 20
"""Quotes that no other one closes: each is looked after to the end of the text, so many of them would take many seconds. A
query has them where a comparison reads like an IRI, which is seldom."""
_SERVICE = re.compile("service", re.IGNORECASE)
_SURE = re.compile(r"<[a-z][a-z0-9+.-]*://", re.IGNORECASE)
"""No comparison: nothing that can be compared begins like that."""

_UPDATE = "the graph follows the collection's documents and takes no updates"
_FROM = "FROM chooses graphs; here is one graph, the whole of what is open to you"
_ELSEWHERE = "SERVICE asks another server; a query here is over one collection's graph"
_WRITES = frozenset("insert delete load clear drop create copy move add".split())  # noqa: SIM905
_FORMS = frozenset("select ask construct describe".split())  # noqa: SIM905


def check(text: str) -> None:
    """Raises InvalidRequest, with line and column, for a query that is not read-only or reaches beyond its graph."""
    if len(text) > MOST:
        raise InvalidRequest(f"The query has {len(text):,} characters; the limit is {MOST:,}.", param="query")
    if escaped := re.search(r"\\[uU]", text):
        raise _refused(text, escaped.start(), "a sign is written by its number; write the sign itself")
    named, formed, opened = _SERVICE.search(text) is not None, False, 0
    for token in _TOKEN.finditer(text):
        opened += token["open"] is not None
        if opened > _MOST_OPEN:
            raise _refused(text, token.start(), f"more than {_MOST_OPEN} strings begin that do not end")
        word = (token["word"] or "").lower()
        formed |= word in _FORMS
        if _SERVICE.search(word):
            raise _refused(text, token.start(), _ELSEWHERE)
        if named and (iri := token["iri"]) and not _SURE.match(iri) and re.search("['#]", iri):
            raise _refused(text, token.start(), "beside the word SERVICE, an IRI without // may hold neither ' nor #")
        if token["prefix"] or not word:
            continue
        if word == "from":
            raise _refused(text, token.start(), _FROM)
        if word in _WRITES and not formed:
            raise _refused(text, token.start(), _UPDATE)


def _refused(text: str, place: int, why: str) -> InvalidRequest:
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    return InvalidRequest(f"The query is refused at line {line}, column {column}: {why}.", param="query")
