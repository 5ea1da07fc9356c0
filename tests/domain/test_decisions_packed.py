"""Records that are packed in one step are those that the fields would give."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.decision_bytes import packed_claims, recorded_claim, recorded_claims, recorded_plainly, recorded_route
from stoa.domain.decisions import FORM, MARKS, Claimed, Decision, GuardVerdict, decision_of, pack_times

AMOUNTS = st.integers(0, 2**62)
NAMES = st.text(max_size=40)
CLAIMS = st.lists(st.builds(Claimed, NAMES, NAMES, NAMES, AMOUNTS, AMOUNTS), max_size=20)
TIMES = pack_times(*range(len(MARKS)))


def packed(claims: list[Claimed]) -> bytes:
    pieces: list[bytes] = []
    for each in claims:
        begin, end = recorded_claim(each.name, each.subject, each.unit, each.most)
        pieces.append(begin + msgspec.msgpack.encode(each.amount) + end)
    return packed_claims(pieces)


@given(CLAIMS, st.none() | st.binary(max_size=6), st.sampled_from(["weighted", "ordered", "least_busy"]))
def test_a_plain_record_is_the_one_that_its_fields_give(claims: list[Claimed], key: bytes | None, strategy: str) -> None:
    wanted = Decision(FORM, TIMES, strategy, cache_key=key, claims=tuple(claims) if claims else None)
    made = recorded_plainly(TIMES, recorded_route(strategy), key, packed(claims) if claims else None)
    assert made == msgspec.msgpack.encode(wanted)
    assert decision_of(made) == wanted


@given(st.lists(st.builds(GuardVerdict, NAMES, NAMES, NAMES, st.integers(0, 10**6)), max_size=20))
def test_so_is_one_with_verdicts_that_are_packed_already(verdicts: list[GuardVerdict]) -> None:
    wanted = Decision(FORM, TIMES, "weighted", verdicts=tuple(verdicts))
    made = recorded_plainly(TIMES, recorded_route("weighted"), None, None, msgspec.msgpack.encode(verdicts))
    assert made == msgspec.msgpack.encode(wanted)


@given(CLAIMS)
def test_claims_that_are_packed_already_are_read_as_claims(claims: list[Claimed]) -> None:
    record = msgspec.msgpack.encode(Decision(FORM, TIMES, "weighted", draw=0.5, claims=recorded_claims(packed(claims))))
    assert decision_of(record).claims == tuple(claims)
