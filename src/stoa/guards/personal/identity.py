"""Numbers that a state gives to a person, most of them with a check digit, the others only near words that name them."""

from collections.abc import Callable

from stoa.guards.patterns import Rule
from stoa.guards.personal import checks
from stoa.guards.personal.checks import where

_DIGITS = r"[0-9]{3}"


def _ident(
    kind: str,
    pattern: str,
    check: Callable[[str], bool] | None = None,
    *,
    score: float = 0.9,
    near: str | None = None,
    hint: str = "",
    alone: bool = False,
) -> Rule:
    valid = where(check) if check is not None else None
    return Rule(kind, pattern, hint or near or _DIGITS, 30, score, valid, near, "-/" if near is None else "", alone=alone)


RULES = (
    _ident("US_SSN", r"[0-9]{3}-[0-9]{2}-[0-9]{4}", checks.us_ssn, hint=r"[0-9]-[0-9]{2}-[0-9]"),
    _ident("US_SSN", r"[0-9]{3} ?[0-9]{2} ?[0-9]{4}", checks.us_ssn, near=r"(?i)\bssn\b|social security"),
    _ident("US_ITIN", r"9[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{4}", checks.us_itin, near=r"(?i)\bitin\b|taxpayer"),
    _ident(
        "UK_NINO", r"(?i)[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]", checks.uk_nino,
        hint=r"[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]",
    ),
    _ident("UK_NHS", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", checks.uk_nhs, near=r"(?i)\bnhs\b|national health"),
    _ident(
        "DE_TAX_ID", r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", checks.de_tax_id, score=0.95,
        near=r"(?i)steuer|\bid-?nr|tax (?:id|number)|\btin\b",
    ),
    _ident("NL_BSN", r"[0-9]{4}[ .]?[0-9]{2}[ .]?[0-9]{3}", checks.nl_bsn, near=r"(?i)\bbsn\b|burgerservice|sofinummer"),
    _ident("ES_NIF", r"[0-9]{8}-?[A-Za-z]", checks.es_dni, hint=r"[0-9]{8}-?[A-Za-z]"),
    _ident("ES_NIE", r"[XYZxyz]-?[0-9]{7}-?[A-Za-z]", checks.es_dni, hint=r"[XYZxyz]-?[0-9]{7}"),
    _ident(
        "FR_NIR", r"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[ABab]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", checks.fr_nir,
        hint=r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9]",
    ),
    _ident(
        "IT_FISCAL_CODE", r"(?i)[a-z]{6}[0-9]{2}[abcdehlmprst][0-9]{2}[a-z][0-9]{3}[a-z]", checks.it_fiscal_code, score=1.0,
        hint=r"(?i)[a-z]{6}[0-9]{2}[abcdehlmprst][0-9]{2}",
    ),
    _ident("PL_PESEL", r"[0-9]{11}", checks.pl_pesel, near=r"(?i)pesel"),
    _ident(
        "BE_NATIONAL_NUMBER", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", checks.be_national_number, score=1.0,
        hint=r"[0-9]{2}-[0-9]{3}\.[0-9]{2}",
    ),
    _ident(
        "FI_PERSONAL_IDENTITY_CODE", r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Ya-y]", checks.fi_hetu, score=1.0,
        hint=r"[0-9]{6}[-+A-FU-Y][0-9]{3}",
    ),
    _ident("SE_PERSONNUMMER", r"(?:19|20)?[0-9]{6}[-+][0-9]{4}", checks.se_personnummer, hint=r"[0-9]{6}[-+][0-9]{4}"),
    _ident(
        "DK_CPR_NUMBER", r"[0-9]{6}-?[0-9]{4}", lambda value: checks.day_in(value, order="dmy"),
        near=r"(?i)\bcpr\b|personnummer"
    ),
    _ident("BR_CPF", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", checks.br_cpf, score=1.0, hint=r"[0-9]{3}\.[0-9]{3}-[0-9]{2}"),
    _ident("BR_CPF", r"[0-9]{11}", checks.br_cpf, near=r"(?i)\bcpf\b"),
    _ident(
        "CN_RESIDENT_ID", r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]", checks.cn_resident_id, score=1.0,
        hint=r"[0-9]{6}(?:19|20)[0-9]{9}",
    ),
    _ident("IN_AADHAAR", r"[2-9][0-9]{3} [0-9]{4} [0-9]{4}", checks.in_aadhaar, score=0.8,
        alone=True, hint=r"[0-9]{4} [0-9]{4}"),
    _ident("IN_AADHAAR", r"[2-9][0-9]{11}", checks.in_aadhaar, near=r"(?i)aadhaar|uidai"),
    _ident("IN_PAN", r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]", score=0.8, hint=r"[A-Z][0-9]{4}[A-Z]"),
    _ident("AU_TFN", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}", checks.au_tfn, near=r"(?i)\btfn\b|tax file"),
    _ident("AU_MEDICARE", r"[2-6][0-9]{3} ?[0-9]{5} ?[0-9]", checks.au_medicare, near=r"(?i)medicare"),
    _ident("CA_SIN", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}", checks.luhn, near=r"\bSIN\b|(?i:social insurance)"),
    _ident("SG_NRIC_FIN", r"[STFGM][0-9]{7}[A-Z]", checks.sg_nric, score=0.95, hint=r"[STFGM][0-9]{7}"),
    _ident(
        "ZA_ID", r"[0-9]{10}[01][89][0-9]", checks.za_id, near=r"(?i)\bid\b|identity|south africa",
        hint=r"[0-9]{10}[01][89][0-9]",
    ),
    _ident(
        "PASSPORT", r"(?i)[a-z0-9]{6,10}", lambda value: sum(map(str.isdigit, value)) >= 2,
        near=r"(?i)passport|reisepass|passeport|pasaporte|passaporto|paspoort", score=0.8,
    ),
    _ident(
        "DRIVER_LICENSE", r"(?i)[a-z]{0,5}[0-9][a-z0-9]{0,4}(?:[ -]?[a-z0-9]{2,6}){1,4}",
        lambda value: 5 <= sum(map(str.isalnum, value)) <= 18 and sum(map(str.isdigit, value)) >= 4,
        near=r"(?i)driv(?:er|ing)(?:'s|’s|s)? licen[cs]e|driver id|f(?:u|ü|ue)hrerschein|permis de conduire|rijbewijs"
        r"|patente di guida|permiso de conducir|\bdl (?:no|number|#)", score=0.8,
    ),
)  # fmt: skip
