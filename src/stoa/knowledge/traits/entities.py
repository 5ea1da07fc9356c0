"""The proper names of a document, as it writes them: people, organisations, places, products, numbered things.

By rules, as `names` finds what leads from one passage to the next; here names are told apart from words that are written
with a capital only where a sentence begins.
"""

import re
from collections import Counter, defaultdict

from stoa.knowledge.names import fold

MOST = 24
_MOST_CHARACTERS = 400_000
_CAPITAL = r"[A-ZÀ-ÖØ-Þ]"
_PART = rf"(?:{_CAPITAL}[\w’'&.-]*\w|{_CAPITAL}|\d+[A-Z][\w-]*)"
_SMALL = r"(?:of|for|the|de|la|le|du|van|von|der|den|di|da|del|und|and|&)"
_NAME = re.compile(rf"(?<![\w-]){_PART}(?:(?: {_SMALL}){{0,2}} (?:{_PART}|\d{{1,6}}\b))*")
_CODE = re.compile(r"^[A-Z]{2,}[\w-]*\d[\w-]*$")
_BEGINS = re.compile(r"(?:^|[.!?:;|#>“\"(\]\n•*-])\s*$")
_MONTHS_AND_DAYS = frozenset(
    """
    january february march april may june july august september october november december monday tuesday wednesday thursday
    friday saturday sunday
    """.split()  # noqa: SIM905
)
_NOUNS_HAVE_CAPITALS = frozenset(("de", "lb"))


def entities_of(text: str, *, language: str | None) -> tuple[str, ...]:
    """Names in the form in which they occur most, those that occur most first."""
    text = text[:_MOST_CHARACTERS]
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    within: set[str] = set()
    for match in _NAME.finditer(text):
        name = match[0]
        begins = _BEGINS.search(text, max(0, match.start() - 4), match.start()) is not None
        key = " ".join(map(fold, name.split()))
        forms[key][name] += 1
        if not begins:
            within.add(key)
    lower = set(re.findall(r"[a-zà-þ][\w’'-]+", text))
    plain = language not in _NOUNS_HAVE_CAPITALS
    counts = {
        key: found.total()
        for key, found in forms.items()
        if _is_name(key, found.most_common(1)[0][0], found.total(), inside=key in within, lower=lower, plain=plain)
    }
    ranked = sorted(counts, key=lambda key: (-counts[key] * (1 + key.count(" ")), key))[:MOST]
    return tuple(forms[key].most_common(1)[0][0] for key in ranked)


def _is_name(key: str, form: str, count: int, *, inside: bool, lower: set[str], plain: bool) -> bool:
    words = key.split()
    if all(word in _MONTHS_AND_DAYS or word.isdecimal() for word in words):
        return False
    if _CODE.match(form):
        return True
    if len(words) > 1:
        ordinary = sum(1 for word in words if word in lower)
        return inside and (count > 1 or ordinary == 0)
    return plain and inside and count > 1 and len(form) > 2 and words[0] not in lower
