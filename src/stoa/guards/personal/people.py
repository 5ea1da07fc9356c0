"""Persons and what they are called: names by the words around them and by well-known given names.

There is no model behind it: a name that nothing announces and that is not in the list is not seen.
"""

from collections.abc import Sequence

from stoa.guards.expressions import LETTER, UPPER
from stoa.guards.patterns import Part, Rule
from stoa.guards.personal.wordlists import listed

_REACH = 110
_PART = rf"{UPPER}(?:[A-Za-z\x80-\xff-]|'{LETTER})+"
_PARTICLES = (
    "de",
    "da",
    "del",
    "della",
    "van",
    "von",
    "der",
    "den",
    "dos",
    "di",
    "le",
    "la",
    "bin",
    "ibn",
    "al",
    "ten",
    "ter",
    "zu",
)
_MORE = rf"(?: (?:(?:{'|'.join(_PARTICLES)}) ){{0,2}}(?:[A-Z]\.|{_PART}|[A-Z]\b)){{0,3}}"
_NAME = rf"{_PART}{_MORE}"

_HONORIFIC = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Herrn?|Frau|Monsieur|Madame|Mme|Mlle|Señora?|Sra?|Signora?|Sig|Dhr|Mevr"
    r"|Mevrouw|Meneer|Senhora?|Dott)\b\.?"
)
_SAID = (
    r"(?i:\b(?:name is|name(?:'s|’s)|name was|i am called|is called|was called|calls me|named|nickname is|goes by|this is"
    r"|speaking with|signed by|on behalf of|in the name of|belongs to|it(?:'|’)s under|have you heard"
    r"|ich heiße|mein name ist|je m(?:'|’)appelle|mon nom est|me llamo|mi nombre es|mi chiamo|il mio nome è|ik heet"
    r"|mijn naam is|(?:me )?chamo(?:-me)?|meu nome é"
    r"|(?:partner|wife|husband|son|daughter|child|mother|father|brother|sister|boss|manager|colleague|friend|doctor|neighbou?r)"
    r"(?:(?:'|’)s name)?,?))"
)
_GREETING = (
    r"\b(?:Dear|Hi|Hello|Hey|Hallo|Bonjour|Hola|Ciao|Olá|Liebe|Lieber|Sehr geehrter?|Cher|Chère|Estimad[oa]|Querid[oa]|Car[oa]"
    r"|Gentile|Beste|Geachte|Prezad[oa])"
)
_LABEL = (
    r"(?im:^[ >\t]*(?:full |first |last |sur|user |family |given |maiden )?(?:name|patient|customer|client|employee"
    r"|contact(?: person)?|passenger|attn|attention|beneficiary|account holder|cardholder|nom|nombre|nome|naam|vorname|nachname"
    r"|directed by|author|signed|(?:billing|shipping) address)[ \t]*[:=][ \t]*)"
)
_REGARDS = (
    r"(?i:\b(?:regards|sincerely|thanks|thank you|cheers|best|yours(?: truly| faithfully)?|grüßen?|gruß|cordialement|saludos"
    r"|saluti|groeten|abraços|cumprimentos),?\s{1,4})"
)
_ASKED = r"(?i:\bname(?: on [a-z ]{1,24})?\?\s{1,3}(?:user: ?)?)"
_LIVES = r"(?:lives|wohnt|habite|vive|woont)"
_FORM = (
    r"(?:Inc|Incorporated|LLC|Ltd|Limited|PLC|Plc|GmbH|AG|SE|KG|Corp|Corporation|Company|Group|S\.A\.|SA|SAS|SARL|SpA|S\.p\.A\."
    r"|BV|B\.V\.|NV|N\.V\.|Oy|Oyj|AB|ASA|AS|A/S)\b\.?"
)
_EMPLOYED = r"(?i:work(?:s|ed|ing)? (?:for|at)|employed (?:by|at)|employer(?: is|:))"

_CAPITAL = rf"{UPPER}{LETTER}"
_GIVEN = listed("given_names")
_DEMONYMS = listed("demonyms")
_NO_NAMES = listed("no_names")
_LONGEST = 30


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s")


def _leading(words: Sequence[str]) -> int:
    """Characters of the words in front that can be a name together."""
    end = 0
    for word in words:
        plain = _bare(word).rstrip(".")
        if not plain.replace("-", "").replace("'", "").replace("’", "").isalpha() or len(plain) > _LONGEST:
            break
        if plain in _NO_NAMES or not (plain[0].isupper() or (end and plain in _PARTICLES)):
            break
        end += len(word) + 1
        if plain != word.rstrip("."):  # a genitive ends it
            return end - 3
    return max(0, end - 1)


def _announced(value: str) -> Part | None:
    """What stands after a cue, up to the first word that no name is made of."""
    end = _leading(value.split(" "))
    return (0, end) if end > 1 else None


def _known(value: str) -> Part | None:
    """From a well-known given name on, where another part of a name follows it."""
    words = value.split(" ")
    at = 0
    for number, word in enumerate(words):
        if word in _GIVEN or word.partition("-")[0] in _GIVEN:
            end = _leading(words[number:])
            if end > len(word):
                return at, at + end
        at += len(word) + 1
    return None


def _given(value: str) -> Part | None:
    word = _bare(value)
    return (0, len(word)) if word in _GIVEN else None


def _demonym(value: str) -> Part | None:
    return (0, len(value)) if value in _DEMONYMS else None


def _person(cue: str, hint: str, score: float) -> Rule:
    return Rule("PERSON", rf"{cue}(?:{_HONORIFIC} )?({_NAME})", hint, _REACH, score, _announced)


RULES = (
    _person(rf"{_SAID}\s{{1,3}}", _SAID, 0.85),
    _person(rf"{_GREETING} ", rf"{_GREETING} ", 0.75),
    _person(_LABEL, r"[:=]", 0.8),
    _person(_REGARDS, _REGARDS, 0.65),
    _person(_ASKED, r"(?i)name[a-z ]{0,28}\?", 0.7),
    Rule("PERSON", rf"\b{_HONORIFIC} ({_NAME})", rf"{_HONORIFIC} {UPPER}", _REACH, 0.85, _announced),
    Rule("PERSON", rf"({_NAME}) {_LIVES} ", _LIVES, _REACH, 0.7, _announced),
    Rule("PERSON", _NAME, _CAPITAL, _REACH, 0.6, _known),
    Rule("PERSON", _PART, _CAPITAL, 2 * _LONGEST, 0.35, _given),
    Rule("TITLE", rf"\b({_HONORIFIC}) {UPPER}", rf"{_HONORIFIC} {UPPER}", 14, 0.8),
    Rule("NRP", rf"{UPPER}{LETTER}+", _CAPITAL, 18, 0.6, _demonym),
    Rule("ORGANIZATION", rf"{_PART}(?:,? (?:and |& )?{_PART}){{0,4}},? {_FORM}", rf"{LETTER},? {_FORM}", 150, 0.7),
    Rule("ORGANIZATION", rf"\b{_EMPLOYED} ({_NAME})", r"(?i)work|employ", _REACH, 0.6, _announced),
)
