"""Where and when: addresses, postal codes, places, dates and ages."""

from stoa.guards.expressions import LETTER, UPPER, Expression, encoded
from stoa.guards.patterns import Part, Rule
from stoa.guards.personal.checks import where
from stoa.guards.personal.wordlists import listed

_REACH = 150
_WORD = rf"{UPPER}[A-Za-z\x80-\xff'.-]*"
_WORDS = rf"{_WORD}(?: (?:(?:de|del|della|di|do|da|dos|la|le|les|van|von|of|and|och|den|der) )?{_WORD}){{0,3}}"
_NUMBER = r"[0-9]{1,5}[A-Za-z]?"
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Floor|Wohnung|Appartement|Piso|Interno)\.? ?#?[0-9]{1,5}[A-Za-z]?"
_GAP = r",?[ \n]{1,3}"
_TAIL = rf"(?:{_GAP}{_UNIT}){{0,2}}(?:(?:{_GAP}{_WORD}(?: {_WORD})?){{1,3}}{_GAP}[0-9]{{4,6}}(?:-[0-9]{{3,4}})?)?"
_KIND_AFTER = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Parkway|Pkwy"
    r"|Highway|Hwy|Crescent|Close|Grove|Gardens|Mews|Row|Alley|Circle|Trail|Turnpike|Pike|Plaza|Route|str)\b\.?"
)
_KIND_BEFORE = (
    r"(?:Via|Viale|Piazza|Corso|Vicolo|Largo|Rue|Avenue|Boulevard|Place|Chemin|Quai|Impasse|Calle|Avenida|Av\.|Paseo|Plaza"
    r"|Camino|Rua|Travessa|Praça|Estrada|ul\.|ulica|Ulica|Strada|Str\.|Λεωφόρος|Οδός|улица|ул\.)"
)
_KIND_WITHIN = (
    rf"{UPPER}{LETTER}{{2,30}}(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|gatan|vägen|vegen|veien|vej|gade|gata"
    r"|gate|allé|katu|tie|polku|straat|laan|plein|gracht|kade|stræti|braut|vangur|dreef|stien|parken|haven)"
)
_FRENCH = r"(?i:rue|avenue|boulevard|place|chemin|quai|impasse)"
_TOWARDS = (
    r"(?i)address|adresse|direcci(?:o|ó)n|indirizzo|\badres\b|lives? (?:at|in|on)|living at|located at|moved"
    r"|meet (?:me|you|us) at|(?:ship|deliver|sent?|mail)(?:ped|ed)?(?: it| this)? to|offices? (?:is|are)|corner of|residence"
    r"|stop at|arrived at|wohnt|habite"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|PR"
    "|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|AP|AE|AA"
)
_MONTH = (
    r"(?i:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f(?:e|é)vrier|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|may|mai|mayo|june?|juni"
    r"|juin|july?|juli|juillet|aug(?:ust|usto)?|août|sep(?:t|tember|tembre)?|oct(?:ober|obre)?|okt(?:ober)?|nov(?:ember|embre)?"
    r"|dec(?:ember)?|dez(?:ember)?|d(?:e|é)cembre|diciembre|dicembre)\.?"
)
_DATE = (
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th|\.)? (?:of |de )?{_MONTH},? (?:de )?[0-9]{{4}}"
    rf"|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}"
)
_BORN = (
    r"(?i)(?:was|am|were|is) born|birth|\bdob\b|\bd\.o\.b|geboren am|geburts|\bn(?:e|é)e? le|naissance|nac(?:i|í)d?[oa]? el"
    r"|nacimiento|nat[oa] il|nascita|geboorte|geboren op|nasc(?:ido|ida|i) em|nascimento"
)
_POSTAL = r"(?i)\bzip\b|post(?:al)? ?code|\bplz\b|postleitzahl|code postal|c(?:o|ó)digo postal|\bcap\b|\bcep\b"
_AGED = r"(?i)\baged?:? (?:is |of )?\z|\bturn(?:ed|ing|s) \z"
_MONTH_ONLY = Expression(rf"^{_MONTH}$")
_COUNTRIES = listed("countries")


def _address(value: str) -> bool:
    """No house stands in March, and no street has a name of a hundred letters."""
    words = value.replace(",", " ").split()
    return len(value) <= 2 * _REACH and not any(_MONTH_ONLY.occurs(encoded(word)) for word in words)


def _country(value: str) -> Part | None:
    """The longest beginning of it that is a country."""
    end = len(value) if len(value) < 60 else 0
    while end > 0:
        if value[:end] in _COUNTRIES:
            return 0, end
        end = value.rfind(" ", 0, end)
    return None


def _street(pattern: str, hint: str, score: float, near: str | None = None) -> Rule:
    return Rule("STREET_ADDRESS", pattern, hint, _REACH, score, where(_address), near)


_STREETS = (
    _street(
        rf"(?:[0-9]{{1,6}}[A-Za-z]?,? ){{1,2}}(?:{_WORD} ){{1,4}}?{_KIND_AFTER}{_TAIL}", rf"[0-9][A-Za-z]?,? {UPPER}", 0.75
    ),
    _street(rf"(?:[0-9]{{1,6}} )?{_KIND_BEFORE} (?:[a-z]{{1,3}} )?{_WORDS},? {_NUMBER}{_TAIL}", rf"{_KIND_BEFORE} ", 0.75),
    _street(rf"{_NUMBER}(?: ?(?:bis|ter))?,? {_FRENCH} (?:[a-z]{{1,3}} |[a-z]')*{_WORDS}{_TAIL}", rf"[0-9],? {_FRENCH} ", 0.75),
    _street(rf"(?:[0-9]{{1,6}} )?{_KIND_WITHIN} {_NUMBER}{_TAIL}", r"[a-zé.] [0-9]".replace("é", r"\x80-\xff"), 0.75),
    _street(rf"(?:[0-9]{{1,6}} )?{_WORDS} u(?:l|tca|\.) ?[0-9]{{1,4}}\.?{_TAIL}", r" u(?:l|tca|\.) ?[0-9]", 0.75),
    _street(r"(?i)p\.? ?o\.? ?box:? [0-9]{1,7}|postfach [0-9 ]{3,9}|psc [0-9]{1,5},? box [0-9]{1,6}", r"(?i)box|postfach", 0.8),
    _street(_UNIT, r"(?:Apt|Apartment|Suite|Ste|Flat)\.? ?#?[0-9]", 0.6),
    _street(rf"[0-9]{{1,6}} {_WORDS} {_NUMBER}{_GAP}{_UNIT}{_TAIL}", r"[0-9][, \n]{1,4}(?:Apt|Suite|Unit|Flat)", 0.8),
    _street(rf"(?:[0-9]{{1,6}} ){{1,2}}{_WORDS}(?: {_NUMBER})?{_TAIL}", rf"[0-9] {UPPER}", 0.6, _TOWARDS),
    _street(rf"{_WORDS} {_NUMBER}{_TAIL}", rf"{LETTER} [0-9]", 0.6, _TOWARDS),
    _street(rf"[0-9]{{2,6}} {_WORDS} [0-9]{{1,3}}", rf"[0-9] {UPPER}", 0.4),
)

RULES = (
    *_STREETS,
    Rule(
        "ZIP_CODE", r"[0-9]{5}(?:-[0-9]{3,4})?|[0-9]{4}(?: ?[A-Z]{2})?|[0-9]{3} [0-9]{2}", _POSTAL, 12, 0.8, near=_POSTAL
    ),
    Rule("ZIP_CODE", rf"(?:{_STATES}) [0-9]{{5}}(?:-[0-9]{{4}})?", r"[A-Z]{2} [0-9]{5}", 16, 0.75),
    Rule(
        "ZIP_CODE", r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY][0-9][A-Z] [0-9][A-Z][0-9]",
        r"[0-9][A-Z0-9]? [0-9][A-Z]", 12, 0.7,
    ),
    Rule("DATE_OF_BIRTH", _DATE, _BORN, 40, 0.8, near=_BORN),
    Rule("DATE_TIME", _DATE, r"[0-9]", 40, 0.6),
    Rule(
        "AGE", r"[0-9]{1,3}[- ](?i:years?|yrs?)[- ](?i:old|of age)|[0-9]{1,3} ?(?i:y/?o|jahre alt|ans|años|anni|jaar oud)",
        r"[0-9][- ]?[A-Za-z]", 24, 0.8,
    ),
    Rule("AGE", r"[1-9][0-9]?|1[01][0-9]", r"(?i)\baged?\b|turn", 6, 0.6, near=_AGED, glued=".,/:-%"),
    Rule(
        "LOCATION", rf"{UPPER}{LETTER}+(?: (?:and |of )?{UPPER}{LETTER}+){{0,3}}", rf"{UPPER}{LETTER}", 60, 0.7, _country
    ),
)  # fmt: skip
