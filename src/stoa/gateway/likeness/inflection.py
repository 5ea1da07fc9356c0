"""One form for the forms of an English word that mean the same: plural, -ing, and the two spellings.

Not `-ed`, which is another time or another side: bored is not boring. Not `-er` and `-est`, which compare.
"""

import re

from stoa.gateway.likeness.vocabulary import words_of

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "kids": "kid", "feet": "foot", "teeth": "tooth", "mice": "mouse",
    "lives": "life", "wives": "wife", "knives": "knife", "leaves": "leaf", "analyses": "analysis", "crises": "crisis",
}  # fmt: skip
_OTHER_WORDS = words_of(
    "news goods customs means arms physics politics economics always series species glasses "
    "during evening morning ceiling something anything everything nothing "
    "building meeting marketing housing training wedding opening painting interesting boring exciting"
)
"""They look like a form of another word and are words of their own."""
_SPELLINGS = (
    ("is", re.compile(r"is(?=(?:e[srd]?|ing|ations?)$)(?<=\w{4})"), "iz"),
    ("our", re.compile(r"(?<=\w{3})our(?=s?$|ed$|ing$|ites?$|able$|ful$)"), "or"),
    ("tre", re.compile(r"(?<=\w\w)tre(?=s?$)"), "ter"),
)
_NAKED = re.compile(r"^[^aeiou]*[aeiou][^aeiouwxy]$|(?:[cuvz]|[^aeiouls]s|(?:oo|[aeo]i|au|ea)s|[^aeiou]at|[^aeiou]dg)$")
"""What is left of a word in -e without -ing: mak, us, leav, danc, calculat."""


def stem(word: str) -> str:
    """The word itself when nothing is to be folded, as with names, numbers and signs."""
    if len(word) < 4 or not word.isalpha() or not word.isascii() or not word.islower():
        return word
    for sign, pattern, instead in _SPELLINGS:
        if sign in word:
            word = pattern.sub(instead, word)
    if word in _OTHER_WORDS:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ing"):
        return _without_ing(word[:-3])
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ie") and len(word) > 4:
        return word[:-2] + "y"
    if word.endswith(("sses", "xes", "zzes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_ing(rest: str) -> str:
    if not re.search("[aeiouy]", rest):
        return rest + "ing"
    if rest[-1] == rest[-2] and rest[-1] not in "lsz":
        return rest[:-1]
    return rest + "e" if _NAKED.search(rest) else rest
