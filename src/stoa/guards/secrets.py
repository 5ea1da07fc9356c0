"""Keys, tokens and passwords in text: what opens something for whoever reads it.

Forms that an issuer gives are found by their prefix; a password only where something is set to it, and only when it does
not read as ordinary words or as a place to fill in.
"""

import base64
import binascii
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence

from stoa.guards.expressions import Expression, encoded
from stoa.guards.finding import Finding
from stoa.guards.patterns import Part, Patterns, Rule
from stoa.guards.together import settled

_PLACEHOLDERS = (
    "example", "placeholder", "changeme", "change_me", "change-me", "redacted", "xxxx", "****", "....", "your", "dummy",
    "sample", "password", "secret", "insert", "replace", "todo", "none", "null", "undefined", "environ", "getenv",
    "process.env", "input(", "vault",
)  # fmt: skip
_OPENINGS = ("$", "{", "<", "%", "[", "(", "env:", "secret:", "file:")
_LONGEST_KEY_FILE = 16_384
_LONGEST_LINE = 80


def entropy(text: str) -> float:
    """Bits a character, by the characters of the text itself."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _random(value: str) -> Part | None:
    """Letters and digits mixed as no word mixes them."""
    plain = value.rstrip("=.-_")
    mixed = any(c.isdigit() for c in plain) and any(c.isalpha() for c in plain)
    return (0, len(value)) if mixed and entropy(plain) >= 3.0 and not _to_fill_in(value) else None


def _any(value: str) -> Part | None:
    return None if _to_fill_in(value) else (0, len(value))


def _to_fill_in(value: str) -> bool:
    lowered = value.lower()
    return len(set(value)) < 5 or lowered.startswith(_OPENINGS) or any(mark in lowered for mark in _PLACEHOLDERS)


def _chosen(value: str) -> Part | None:
    """A password as somebody chose it: not a word, not a call, not the name of a variable."""
    value = value.rstrip(".,;:!?")
    if len(value) < 6 or _to_fill_in(value) or value.endswith(")") or not any(c.isdigit() for c in value):
        return None
    figures = value.replace(".", "").replace(",", "")
    return None if figures.isdigit() and figures != value else (0, len(value))


def _generated(value: str) -> Part | None:
    """A key without a prefix: long, and mixed as no word mixes."""
    part = _chosen(value)
    return part if part is not None and part[1] >= 16 and _random(value[: part[1]]) else None


def _jwt(value: str) -> Part | None:
    """Its head is JSON that names an algorithm."""
    head = value.split(".", 1)[0]
    try:
        fields = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return None
    return (0, len(value)) if isinstance(fields, dict) and "alg" in fields else None


def _issued(kind: str, pattern: str, hint: str, reach: int = 120) -> Rule:
    """A key with an issuer's prefix. What follows may be longer than the reach; it is held while it grows."""
    return Rule(kind, pattern, hint, reach, 0.95, _any)


_SET_TO = r"[\"'\x60]?(?:\s{0,3}(?:=>|:=|==?|:)\s{0,3}| is )[\"'\x60]?"
_VALUE = r"[^\s\"'\x60<>]{6,128}"
_GENERATED = r"[A-Za-z0-9+/=_.~:-]{16,128}"
_PASSED = r"(?i:pass(?:word|wd|phrase|code)?|pwd|passwort|kennwort|contrase(?:ñ|n)a|mot de passe|wachtwoord|senha)"
_KEY = r"(?i:secret|token|(?:api|access|private|signing|encryption|client|auth)[ _-]?(?:key|secret|token)|credentials?)"
_AWS_NEAR = r"(?i)aws.{0,40}secret|secret.{0,12}access.{0,8}key"
_SCHEMES = (
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|clickhouse|kafka|s?ftp|ssh|smtps?|https?|ldaps?)"
    r"(?:\+[a-z0-9]+)?"
)
_IN_URL = rf"(?i){_SCHEMES}://[^\s:@/<>\"'\x60]{{0,64}}:([^\s@/<>\"'\x60]{{3,128}})@[A-Za-z0-9\x80-\xff]"

RULES = (
    _issued("STOA_KEY", r"sk-stoa-[A-Za-z0-9_-]{16,}", r"sk-stoa-", 60),
    _issued("ANTHROPIC_KEY", r"sk-ant-[A-Za-z0-9_-]{20,}", r"sk-ant-"),
    _issued("OPENAI_KEY", r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{32,}", r"sk-[A-Za-z0-9]"),
    _issued("OPENROUTER_KEY", r"sk-or-[A-Za-z0-9-]{20,}", r"sk-or-"),
    Rule("AWS_ACCESS_KEY", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", r"A[KSBC][IC]A[A-Z2-7]{4}", 24, 0.95),
    Rule("AWS_SECRET_KEY", r"[A-Za-z0-9/+]{40}", r"(?i)aws|secret", 48, 0.9, _random, _AWS_NEAR, "/+="),
    Rule("GCP_KEY", r"AIza[A-Za-z0-9_-]{35}", r"AIza", 44, 0.95),
    Rule("GOOGLE_OAUTH_TOKEN", r"ya29\.[A-Za-z0-9_-]{20,}", r"ya29\.", 120, 0.95),
    Rule("GITHUB_TOKEN", r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}", r"gh[pousr]_|github_pat_", 100, 1.0),
    _issued("GITLAB_TOKEN", r"gl(?:pat|ptt|dt|rt|cbt|ft|soat|imt)-[A-Za-z0-9_-]{20,}", r"gl[a-z]{2,4}-"),
    _issued("SLACK_TOKEN", r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}", r"xox[abeoprs]-|xapp-"),
    Rule("SLACK_WEBHOOK", r"https://hooks\.slack\.com/[a-z]{8,9}/[A-Za-z0-9/_-]{20,}", r"hooks\.slack\.com", 120, 0.95),
    _issued("STRIPE_KEY", r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}", r"[srp]k_(?:live|test)_|whsec_"),
    Rule("TWILIO_KEY", r"(?:SK|AC)[0-9a-f]{32}", r"(?:SK|AC)[0-9a-f]{8}", 40, 0.85),
    Rule("SENDGRID_KEY", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", r"SG\.", 80, 1.0),
    _issued("NPM_TOKEN", r"npm_[A-Za-z0-9]{36}", r"npm_", 48),
    _issued("PYPI_TOKEN", r"pypi-[A-Za-z0-9_-]{50,}", r"pypi-A"),
    _issued("HUGGING_FACE_TOKEN", r"hf_[A-Za-z]{30,}|api_org_[A-Za-z]{30,}", r"hf_|api_org_"),
    _issued("GROQ_KEY", r"gsk_[A-Za-z0-9]{40,}", r"gsk_"),
    _issued("XAI_KEY", r"xai-[A-Za-z0-9]{40,}", r"xai-"),
    _issued("DIGITALOCEAN_TOKEN", r"do[opr]_v1_[0-9a-f]{64}", r"do[opr]_v1_"),
    _issued("DATABRICKS_TOKEN", r"dapi[0-9a-f]{32}", r"dapi[0-9a-f]{8}"),
    _issued("SHOPIFY_TOKEN", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", r"shp(?:at|ca|pa|ss)_"),
    Rule("TELEGRAM_TOKEN", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}", r"[0-9]:AA", 56, 0.95),
    Rule("AZURE_STORAGE_KEY", r"AccountKey=([A-Za-z0-9+/]{86}==)", r"AccountKey=", 104, 1.0),
    Rule("JWT", r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", r"eyJ[A-Za-z0-9_-]{8}", 160, 1.0, _jwt),
    Rule("CONNECTION_STRING", _IN_URL, r"://[^\s@/]{0,64}:", 140, 0.9, _any, open_left=True),
    Rule("BEARER_TOKEN", r"(?i:bearer )([A-Za-z0-9._~+/-]{20,}=*)", r"(?i)bearer ", 160, 0.8, _random),
    Rule("PASSWORD", rf"{_PASSED}{_SET_TO}({_VALUE})", rf"{_PASSED}{_SET_TO}", 140, 0.7, _chosen, open_left=True),
    Rule("API_KEY", rf"{_KEY}{_SET_TO}({_GENERATED})", rf"{_KEY}{_SET_TO}", 140, 0.7, _generated, open_left=True),
)  # fmt: skip

KINDS = frozenset(rule.kind for rule in RULES) | {"PRIVATE_KEY"}
"""Everything that can be looked for."""


class Secrets:
    """Implements `Detector`. Raises ValueError where a kind is unknown."""

    def __init__(self, kinds: Iterable[str] = KINDS) -> None:
        wanted = frozenset(kinds)
        if unknown := sorted(wanted - KINDS):
            raise ValueError(f"kinds: {unknown[0]!r} is not a kind of secret; known are {', '.join(sorted(KINDS))}")
        self._patterns = Patterns([rule for rule in RULES if rule.kind in wanted])
        self._private_keys = "PRIVATE_KEY" in wanted
        self.reach = self._patterns.reach

    def find(self, text: str) -> Sequence[Finding]:
        found = self._patterns.find(text)
        if self._private_keys and "-----BEGIN " in text:
            return settled((*found, *private_keys(text)))
        return found


def private_keys(text: str) -> Sequence[Finding]:
    """From the first line of a key file to its last, or as far as the text goes when that has not come yet."""
    found: list[Finding] = []
    at = 0
    while (start := text.find("-----BEGIN ", at)) >= 0:
        if not _FIRST_LINE.occurs(encoded(text[start : start + _LONGEST_LINE])):
            at = start + 1
            continue
        close = text.find("-----END ", start, start + _LONGEST_KEY_FILE)
        last = text.find("-----", close + 9, close + _LONGEST_LINE) if close >= 0 else -1
        at = last + 5 if last >= 0 else min(len(text), start + _LONGEST_KEY_FILE)
        found.append(Finding("PRIVATE_KEY", start, at))
    return found


_FIRST_LINE = Expression(r"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
