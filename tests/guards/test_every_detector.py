"""What holds for every detector, whatever it looks for."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

from stoa.guards.finding import Detector, Finding
from stoa.guards.personal.detector import KINDS, PersonalData
from stoa.guards.personal.masking import masked, replaced
from stoa.guards.secrets import Secrets
from stoa.guards.shape import Unseen
from stoa.guards.together import Together
from stoa.guards.window import Window
from stoa.guards.words import DenyList, Toxicity, languages

DETECTORS: dict[str, Detector] = {
    "personal": PersonalData(),
    "all personal": PersonalData(KINDS, least_score=0.1),
    "secrets": Secrets(),
    "toxicity": Toxicity(languages(), least="mild"),
    "deny list": DenyList(["persimmon", "blue moon"], [r"[0-9]{3}-PX", r"Straße \d+"]),
    "unseen": Unseen(),
}
DETECTORS["together"] = Together([DETECTORS["personal"], DETECTORS["secrets"], DETECTORS["deny list"]])

PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq1\n" * 40 + "-----END RSA PRIVATE KEY-----"
# Written in parts, so that no scanner of repositories takes them for keys that open something.
PARTS = [
    "My name is Anna Schmidt", "Dear Mr. O'Brien", "anna.schmidt@example-firm.co.uk", "4454794511390933", "4454 7945 1139 0933",
    "GB56HXDO88167774656119", "DE89 3704 0044 0532 0130 00", "054-28-6917", "+49 (0)30 1234 5678", "call me at 905-674-3793",
    "106.31.73.20", "6e40:4041:c617:e898:c11:40d2:c669:2eb4", "00:1b:44:11:3a:b7", "https://bob:hidden77@host.example/x",
    "lives at 12 Long Acre Street, London", "Musterstraße 12", "born on 2/8/1935", "passport number C01X00T47",
    "12345678Z", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "Ünïcödé", "Größe", "漢字かな", "👩‍👩‍👧", "\u200b\u202e", "\U000e0041",
    "sk-" + "proj-abcDEF1234567890abcDEF1234567890", "AKIA" + "IOSFODNN7QWERTYU", "gh" + "p_" + "a1B2" * 9,
    "password: Tr0ub4dor&3", PEM, "f.u.c.k", "sh!t", "persimmon", "p3rsimm0n", "blue  moon", "123-PX", "Straße 77",
    "kill the process",
    "Monday", "the quick brown fox jumps over the lazy dog", "1234567890" * 3, "a.b.c.d.e.f@", "@@@", "-----BEGIN ",
    "ORD-2024-001",
]  # fmt: skip
# As long as a detector sees them; what tells that it is one comes as late as can be.
LONG = [
    "a" * 64 + "@" + "b" * 40 + ".example", "https://" + "u" * 90 + ":p@host.example",
    "https://host.example/" + "p" * 70 + "?email=x",
    "password: " + "x" * 100 + "9", "postgres://app:" + "p" * 120 + "@db.host.example/main",
    "My name is " + " ".join(letter * 29 for letter in ("Ab", "Cd", "Ef", "Gh")),
    "Anna " + "Schmidtova" * 3 + " lives at home",
    "lives at 12345 12 " + " ".join(["Longstreetname"] * 4) + " Street",
    "EY" + "2 Long Words " * 12, "AccountKey=" + "aB3" * 28 + "cd==",
    "hooks.slack" + ".com/services/" + "T0" * 40, "AB12" + "C3D4" * 6 + "E5", "bc1" + "q" * 71, "bearer " + "a" * 90 + "7",
]  # fmt: skip
JOINTS = [" ", ", ", "\n", " and then ", ". It was said that all of it had been written down there long before ", "; "]

texts = st.lists(st.tuples(st.sampled_from([*PARTS, *LONG]), st.sampled_from(JOINTS)), max_size=8).map(
    lambda chosen: "".join(part + joint for part, joint in chosen)
)
by_name = pytest.mark.parametrize("name", DETECTORS)


@by_name
@given(text=st.one_of(st.text(), st.text(alphabet="0123456789-+@. :/abAB\n"), texts))
@settings(max_examples=examples(30), deadline=None)
def test_findings_are_in_order_apart_and_inside_the_text(name: str, text: str) -> None:
    found = DETECTORS[name].find(text)
    assert all(0 <= finding.start < finding.end <= len(text) and 0 < finding.score <= 1 for finding in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


@by_name
@given(text=texts, sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12))
@settings(max_examples=examples(30), deadline=None)
def test_a_stream_is_masked_as_the_whole_text_is(name: str, text: str, sizes: list[int]) -> None:
    detector = DETECTORS[name]
    assert streamed(detector, text, sizes) == replaced(text, detector.find(text), masked)


@by_name
@pytest.mark.parametrize("part", [*PARTS, *LONG])
def test_no_character_of_a_finding_leaves_before_it_is_found(name: str, part: str) -> None:
    detector = DETECTORS[name]
    text = f"Some words in front of it, and {part} and a good many words behind it, so that it is over. " * 2
    assert streamed(detector, text, [1]) == replaced(text, detector.find(text), masked)


def streamed(detector: Detector, text: str, sizes: Sequence[int]) -> str:
    window = Window(detector.find, reach=detector.reach, replace=masked)
    left, at, turn = "", 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        left += window.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    return left + window.flush()


SIZE = 100_000
HOSTILE: dict[str, Callable[[int], str]] = {
    "digits": lambda n: "1" * n,
    "digits with dashes": lambda n: "12-3 " * (n // 5),
    "letters": lambda n: "a" * n,
    "capitals": lambda n: "Aa " * (n // 3),
    "names": lambda n: "Anna " * (n // 5),
    "ats": lambda n: "a@" * (n // 2),
    "dots": lambda n: "a." * (n // 2),
    "colons": lambda n: "a:" * (n // 2),
    "urls": lambda n: "http://a:" * (n // 9),
    "passwords": lambda n: "password=" * (n // 9),
    "begins": lambda n: "-----BEGIN PRIVATE KEY-----" * (n // 27),
    "key files": lambda n: "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----ä" * (n // 53),
    "umlauts": lambda n: "ä" * n,
    "stars": lambda n: "f*" * (n // 2),
    "addresses": lambda n: "12 Main " * (n // 8),
    "unseen": lambda n: "\u200b\u202e" * (n // 2),
}


@pytest.mark.slow
@by_name
@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_times_the_text_does_not_take_a_hundred_times_as_long(name: str, kind: str) -> None:
    def seconds(size: int) -> float:
        text = HOSTILE[kind](size)
        started = time.process_time()
        DETECTORS[name].find(text)
        return time.process_time() - started

    small = min(seconds(SIZE // 10) for _ in range(2))
    assert seconds(SIZE) < 40 * max(small, 0.005)


def test_a_finding_says_what_and_where() -> None:
    assert DETECTORS["personal"].find("Mail to a@b.example") == [Finding("EMAIL_ADDRESS", 8, 19)]
