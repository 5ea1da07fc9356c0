"""The texts that the weights are trained with: made from patterns, by family, with a seed. None is of a measuring set."""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sources
from grammar import expand, sections

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

FAMILIES = (
    "ignore_previous_instructions", "indirect_reference", "token_smuggling", "system_mode", "different_user_input_language",
    "overload_with_information", "few_shot_attack", "many_shot_attack", "repeated_token_attack", "persuasion",
    "payload_splitting", "output_formatting_manipulation", "hypothetical_scenario", "virtualization", "mixed_techniques",
    "payload",
)  # fmt: skip
_SHARE = {
    "questions": 5, "personal": 5, "requests": 5, "coding": 5, "specs": 9, "documents": 4, "tasks": 2, "mail": 2, "admin": 2,
    "world": 3, "passwords": 4, "about_passwords": 4, "talk": 6, "prose": 12,
}  # fmt: skip
_AFTER = ("questions", "requests", "documents", "coding", "mail", "personal", "talk")
_HELD_OUT = 5
"""Every fifth pattern is kept for checking."""


@dataclass(frozen=True)
class Example:
    """A text, whether it is an attack, its family, and where in it the attack is (nowhere particular when `core` is None)."""

    text: str
    attack: bool
    family: str
    core: tuple[int, int] | None = None


class Maker:
    """Draws texts. `held_out` says which patterns: those for training (False), those for checking (True) or all (None)."""

    def __init__(self, seed: int, *, held_out: bool | None = False, place: Path = sources.PLACE) -> None:
        self.chance = random.Random(seed)
        self.held_out = held_out
        self.slots = slots()
        self.attacks = {name: self._mine(lines) for name, lines in sections(HERE / "attacks.txt").items()}
        harmless = sections(HERE / "harmless.txt")
        harmless["passwords"] = password_questions()
        self.harmless = {name: self._mine(lines) for name, lines in harmless.items()}
        self.prose = self._mine(_prose(place))
        self.harmless["talk"] = self._mine(_talk(place))

    def _mine(self, lines: list[str]) -> list[str]:
        if self.held_out is None:
            return lines
        return [line for n, line in enumerate(lines) if (n % _HELD_OUT == 2) == self.held_out] or lines

    def attack(self, family: str) -> Example:
        """Alone, or after and before harmless text, sometimes in disguise."""
        text = self._disguised(self._core(family))
        if family == "payload" or self.chance.random() < 0.2:
            return self._inside(text, family)
        if self.chance.random() < 0.15:
            text = f"{self._pick(self.chance.choice(('questions', 'requests', 'talk')))} {text}"
        return Example(text, True, family)

    def _core(self, family: str) -> str:
        if family == "different_user_input_language":
            kind = self.chance.choices(("world_request", "world_payload", "world_want", "world_pivot"), (6, 3, 2, 1))[0]
            return self._marks(self._world(self.chance.choice(self.attacks[kind])))
        return self._marks(expand(self.chance.choice(self.attacks[family]), self.slots, self.chance))

    def _world(self, line: str) -> str:
        _, _, pattern = line.partition(": ")
        return expand(pattern, self.slots, self.chance)

    def _marks(self, text: str) -> str:
        """What a pattern cannot say: pieces in code, pieces many times."""
        while "@repeat:" in text:
            before, _, rest = text.partition("@repeat:")
            word, _, after = rest.partition("@")
            text = before + " ".join([word] * self.chance.randint(8, 60)) + after
        for mark in ("@question@", "@attack@", "@payload@"):
            while mark in text:
                text = text.replace(mark, self._in_code(self._secretly(mark)), 1)
        return text

    def _secretly(self, mark: str) -> str:
        if mark == "@question@":
            return self._pick("questions", short=True)
        family = (
            "payload"
            if mark == "@payload@"
            else self.chance.choice(("ignore_previous_instructions", "system_mode", "persuasion"))
        )
        plain = [line for line in self.attacks[family] if "@" not in line]
        return expand(self.chance.choice(plain), self.slots, self.chance)

    def _in_code(self, text: str) -> str:
        return self.chance.choice(_CODES)(text, self.chance)

    def _disguised(self, text: str) -> str:
        return self.chance.choice(_DISGUISES)(text, self.chance) if self.chance.random() < 0.12 else _typed(text, self.chance)

    def _inside(self, text: str, family: str) -> Example:
        """Within a document, now and then under a task about it."""
        host = self._document()
        if self.chance.random() < 0.4:
            host = expand(self.chance.choice(self.harmless["tasks"]), {**self.slots, "doc": [host]}, self.chance)
        places = [n for n, character in enumerate(host) if character in " \n>"] or [len(host)]
        at = self.chance.choice((self.chance.choice(places), places[-1])) + 1
        return Example(f"{host[:at]} {text} {host[at:]}", True, family, (at, at + len(text) + 1))

    def clean(self, kind: str = "") -> Example:
        """Harmless, of one kind or of any."""
        kinds = list(self.harmless)
        kind = kind or self.chance.choices([*kinds, "prose"], [_SHARE.get(kind, 1) for kind in [*kinds, "prose"]])[0]
        if kind == "prose":
            return Example(self.chance.choice(self.prose), False, kind)
        text = self._pick(kind)
        if self.chance.random() < 0.25:
            text = f"{text} {self._pick(self.chance.choice(_AFTER))}"
        return Example(_typed(text, self.chance), False, kind)

    def _pick(self, kind: str, *, short: bool = False) -> str:
        line = self.chance.choice(self.harmless[kind])
        if kind == "world":
            return self._world(line)
        if kind == "talk":
            return line
        text = expand(line, {**self.slots, "doc": [self._document()]} if kind == "tasks" else self.slots, self.chance)
        return text[:200] if short else text

    def _document(self) -> str:
        return self.chance.choice(self.prose)[:700] if self.chance.random() < 0.4 else self._pick("documents")


@cache
def slots() -> dict[str, list[str]]:
    """The slots of `slots.txt`, and one for what is wanted in each language."""
    found = sections(HERE / "slots.txt")
    for line in sections(HERE / "attacks.txt")["world_want"]:
        language, _, pattern = line.partition(": ")
        found[f"want_{language}"] = [pattern]
    return found


@cache
def _prose(place: Path) -> list[str]:
    return sources.prose(place)


@cache
def _talk(place: Path) -> list[str]:
    return sources.talk(place)


def password_questions() -> list[str]:
    """Those of the benchmark's list that it does not ask."""
    lines = (ROOT / "bench" / "password_questions.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")][::2]


Turn = Callable[[str, random.Random], str]


def _typed(text: str, chance: random.Random) -> str:
    """As people type: now and then all small, without the last mark, or with a slip."""
    roll = chance.random()
    if roll < 0.12:
        return text.lower()
    if roll < 0.18:
        return text.rstrip(".?!")
    if roll < 0.26 and len(text) > 12:
        at = chance.randrange(3, len(text) - 3)
        return text[:at] + text[at + 1 :] if chance.random() < 0.5 else text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text


def _caesar(text: str, chance: random.Random) -> str:
    by = chance.choice((3, 13, 13, 5, 7))
    return "".join([_turned(c, by) for c in text])


def _turned(c: str, by: int) -> str:
    first = "a" if "a" <= c <= "z" else "A" if "A" <= c <= "Z" else ""
    return chr((ord(c) - ord(first) + by) % 26 + ord(first)) if first else c


_SIGNS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz", _SIGNS.split(), strict=True))
_CODES: tuple[Turn, ...] = (
    lambda text, _: base64.b64encode(text.encode()).decode(),
    lambda text, _: base64.b64encode(text.encode()).decode(),
    lambda text, _: text.encode().hex(),
    lambda text, _: text.encode().hex(" "),
    lambda text, _: " ".join(f"{byte:08b}" for byte in text.encode()),
    lambda text, _: " / ".join(" ".join(_MORSE[c] for c in word if c in _MORSE) for word in text.lower().split()),
    lambda text, _: text[::-1],
    lambda text, _: "".join(f"%{byte:02x}" for byte in text.encode()),
    _caesar,
)
_LEET = str.maketrans("aeiostl", "4310571")
_DISGUISES: tuple[Turn, ...] = (
    lambda text, _: text.upper(),
    lambda text, _: text.translate(_LEET),
    lambda text, _: "\u200b".join(text),
    lambda text, _: text.translate(str.maketrans("aeopcyx", "аеорсух")),
    lambda text, _: "   ".join(" ".join(word) for word in text.split()),
    lambda text, _: "".join(chr(0xE0000 + ord(c)) if 32 <= ord(c) < 127 else c for c in text),
    lambda text, _: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in text),
    lambda text, chance: _CODES[chance.randrange(len(_CODES))](text, chance),
)
