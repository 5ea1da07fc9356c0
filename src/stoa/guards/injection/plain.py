"""Text as its reader takes it: one case, no accents, no invisible characters, no look-alikes, no letters drawn as digits.

What was undone is counted, for a disguise says something by itself. Places are those of the folded text, not of the original.
"""

import re
import unicodedata

import msgspec

from stoa.guards.injection.lexicon import known

HIDDEN = "\ue000"
"""Stands for what was encoded, in runs as long as it was; no text means this character, which is for private use."""

# Letters of other scripts that look like Latin ones; used only in words that mix both.
_ALIKE = str.maketrans(
    "аеорсухівкмнтгѕјԁɡαεορτυνικηωхѵɩ",
    "aeopcyxibkmhtrsjdgaeoptuvikhwxvi",
)
_LEET = str.maketrans("0134578@$!|€", "oleastbasiie")
_AROUND = ".,;:?()[]{}<>'\"\u201c\u201d\n"
_SPACED = re.compile(r"(?<!\w)(?:[^\W_][ .\-_*]){4,}[^\W_](?!\w)")
_WIDE_GAP = re.compile(r"\s{2,}")
_TAGS = {0xE0000 + code: code for code in range(0x20, 0x7F)}  # invisible copies of ASCII
_ASCII = re.compile(r"[\x00-\x7f]*")


LONGEST_RUN = 60
"""Letters: of a longer run that is spaced out evenly, words are looked for in the first so many."""


class Plain(msgspec.Struct, frozen=True, gc=False):
    """The folded text, and how many characters or words were disguised in each way."""

    text: str
    invisible: int = 0
    alike: int = 0
    drawn: int = 0
    spaced: int = 0


def plain(text: str) -> Plain:
    """Fold one window. Linear in its length; never raises."""
    invisible = alike = drawn = spaced = 0
    if not text.isascii():
        text, invisible = _visible(text)
    text = fold(text)
    if not text.isascii():
        text, alike = _one_script(text)
    if _SPACED.search(text):
        text, spaced = _SPACED.subn(lambda found: _joined(found[0]), text)
    if any(character in text for character in "0134578@$!|"):
        text, drawn = _letters(text)
    return Plain(text, invisible, alike, drawn, spaced)


def fold(text: str) -> str:
    """Lower case, compatibility forms resolved, accents off."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).lower()
    return "".join([c for c in apart if c < "\u0300" or not unicodedata.combining(c)])


def _visible(text: str) -> tuple[str, int]:
    """Without the characters that only steer how text is shown; invisible copies of ASCII become what they copy."""
    shown = "".join([c for c in text.translate(_TAGS) if c < "\u00ad" or unicodedata.category(c) != "Cf"])
    tagged = sum(1 for c in text if 0xE0000 < ord(c) < 0xE0080)
    return shown, len(text) - len(shown) + tagged


def _one_script(text: str) -> tuple[str, int]:
    words = text.split(" ")
    changed = 0
    for place, word in enumerate(words):
        if not word.isascii() and any("a" <= c <= "z" for c in word):
            latin = word.translate(_ALIKE)
            if latin != word and latin.isascii():
                words[place] = latin
                changed += 1
    return (" ".join(words), changed) if changed else (text, 0)


def _joined(text: str) -> str:
    """`i g n o r e   a l l` is two words: a wider gap ends one. Without wider gaps the words that are known are cut out."""
    parts = _WIDE_GAP.split(text)
    letters = ["".join([c for c in part if c.isalnum()]) for part in parts]
    return " ".join(_cut(word[:LONGEST_RUN]) + word[LONGEST_RUN:] if len(word) > 12 else word for word in letters)


def _cut(run: str) -> str:
    """Known words off the front, the longest first; what begins no known word stays as it is."""
    words: list[str] = []
    place = 0
    while place < len(run):
        size = next((n for n in range(min(14, len(run) - place), 1, -1) if known(run[place : place + n])), 0)
        if size:
            words.append(run[place : place + size])
        else:
            size = 1
            words.append(run[place])
        place += size
    return " ".join(words)


def _letters(text: str) -> tuple[str, int]:
    """`1gn0r3` becomes `ignore`, for the word that comes out is one that attacks are made of; `4th` and `mp3` stay."""
    words = text.split(" ")
    changed = 0
    for place, word in enumerate(words):
        if word.isalpha() or not 3 <= len(word) <= 24:
            continue
        bare = word.strip(_AROUND)
        if bare.isalpha() or bare.isdigit() or known(bare):
            continue
        drawn = bare.translate(_LEET)
        for candidate in (drawn, drawn.replace("l", "i", 1)):
            if len(candidate) > 3 and candidate.isalpha() and known(candidate):
                words[place] = word.replace(bare, candidate)
                changed += 1
                break
    return (" ".join(words), changed) if changed else (text, 0)
