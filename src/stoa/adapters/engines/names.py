"""The names and numbers of a question, and how many of them a text does not know.

Somebody may say an idea in other words, but hardly ever a name or a year: a passage that answers for another town, version or
year says everything but that. Names are told by their capitals, so only in a question that has an English word of asking.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from stoa.adapters.engines.words import means_little, stem

_ENGLISH = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|how|why|is|are|do|does|did|can|could|may)\b"
    r"|^\W*(?:please )?(?:list|name|show|give|tell|describe|explain)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’.,-](?=[^\W_])[^\W_]+)*")
_SENTENCE_ENDS = (".", "?", "!", ":", '"', "“")
_CAPITALS = re.compile(r"\b[A-ZÀ-Þ]\w*(?:[\s-]+(?:(?:of|the|and|for)\s+)?[A-ZÀ-Þ]\w*)+")
_CAMEL = re.compile(r"\b[A-Z][a-z]+[A-Z]\w*")
_SPELLED_OUT = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPELLED = {word: str(number) for number, word in enumerate(_SPELLED_OUT)}
_SAME_START = 4
"""Two words of one name have at least so many letters in common at their start: `Libya` and `Libyan`."""


def names(question: str) -> list[list[str]]:
    """Each name as its words, `["New", "York"]`. A number counts as one, unless it is a single digit."""
    found: list[list[str]] = []
    if not _ENGLISH.search(question):
        return found
    words = list(_WORD.finditer(question))
    end = -1
    for at, word in enumerate(words):
        following = words[at + 1][0] if at + 1 < len(words) else ""
        opens = not at or question[: word.start()].rstrip().endswith(_SENTENCE_ENDS)
        if not _is_name(word[0], opens=opens, following=following):
            continue
        if found and not question[end : word.start()].strip():
            found[-1].append(word[0])
        else:
            found.append([word[0]])
        end = word.end()
    return found


def unnamed(question: str, text: str) -> float:
    """The share of the question's names of which some word is nowhere in text, 0 to 1; 0 when it has none."""
    asked = names(question)
    if not asked:
        return 0.0
    known = {_plain(part) for word in _WORD.findall(text) for part in (word, *word.split("-"))}
    letters = set(_initials(text))
    return sum(not _known(name, known, letters) for name in asked) / len(asked)


def _is_name(word: str, *, opens: bool, following: str) -> bool:
    if any(sign.isdigit() for sign in word):
        return len(word) > 1
    if not word[0].isupper() or means_little(word):
        return False
    return not opens or following[:1].isupper() or any(sign.isupper() for sign in word[1:])


def _known(name: Sequence[str], known: AbstractSet[str], letters: AbstractSet[str]) -> bool:
    if len(name) > 1 and "".join(word[0] for word in name).lower() in known:
        return True  # the United States as US
    return all(
        any(_stands(_plain(part), known) for part in (word, *word.split("-"))) or word.rstrip("s") in letters for word in name
    )


def _stands(word: str, known: AbstractSet[str]) -> bool:
    if word in known:
        return True
    if word[0].isdigit():
        return any(_SPELLED.get(other) == word or other.replace(",", "") == word.replace(",", "") for other in known)
    return any(_same(word, other) for other in known if other[0] == word[0])


def _same(word: str, other: str) -> bool:
    """`Hungary` and `Hungarian`, `Avenues` and `Avenue`, and what is misspelled by one letter."""
    shorter, longer = sorted((word, other), key=len)
    start = max(_SAME_START, len(shorter) - 2)
    return (
        (len(shorter) >= _SAME_START and shorter[:start] == longer[:start])
        or stem(word) == stem(other)
        or (len(shorter) > _SAME_START and _one_letter_apart(shorter, longer))
    )


def _one_letter_apart(shorter: str, longer: str) -> bool:
    same = next((at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    return longer[same + 1 :] in (shorter[same:], shorter[same + 1 :])


def _initials(text: str) -> Iterator[str]:
    """Each run of two to five capitals that names of several words begin with: `NC` of North Carolina, `LD` of LaserDisc."""
    for run in _CAPITALS.findall(text):
        letters = "".join(word[0] for word in _WORD.findall(run) if word[0].isupper())
        yield from (
            letters[start:end] for start in range(len(letters)) for end in range(start + 2, min(start + 5, len(letters)) + 1)
        )
    yield from ("".join(sign for sign in word if sign.isupper()) for word in _CAMEL.findall(text))


def _plain(word: str) -> str:
    """Lower case without accents and endings: `Gévaudan's` and `1980s`."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(sign))
    plain = plain.replace("’", "'").removesuffix("'s")
    return plain[:-1] if plain[0].isdigit() and plain.endswith("s") else plain
