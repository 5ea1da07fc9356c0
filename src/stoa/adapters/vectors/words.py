"""Words as the LanceDB index sees them, for stores that have no English: so that both find the same passages by words.

Runs of letters and digits, those of over forty letters left out, in lower case, stemmed as English, without the words that
say nothing, and with accents taken off: in this order.
"""

import re
import unicodedata
from functools import lru_cache

from stoa.errors import MissingExtra

_STOP_WORDS = """
a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to
was will with
"""
_STOP = frozenset(_STOP_WORDS.split())
_LONGEST = 40
_BYTES = 65_535
"""The most that Milvus takes as one text."""

_RUN = re.compile(r"[^\W_]+")


def stems(text: str) -> str:
    """The words of a text with spaces between, as many as one field holds; each is letters and digits of ASCII alone.

    A word in another script is written as its bytes, so that no analyzer of a server's own takes it apart. Raises MissingExtra.
    """
    found = (_stem(word) for word in _RUN.findall(text) if len(word) <= _LONGEST)
    whole = " ".join(word for word in found if word)
    return whole if len(whole) <= _BYTES else whole[:_BYTES].rpartition(" ")[0]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    stem = _stemmer().stemWord(word.lower())
    if stem in _STOP:
        return ""
    plain = "".join(each for each in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(each))
    return plain if plain.isascii() else f"x{stem.encode().hex()}"


@lru_cache(maxsize=1)
def _stemmer():
    try:
        from Stemmer import Stemmer
    except ImportError:
        raise MissingExtra(
            "Words are stemmed by a package that is not installed. Install it with: pip install 'stoa[milvus]'"
        ) from None
    return Stemmer("english")
