"""Numbers of health care, near words that name them."""

from stoa.guards.patterns import Rule
from stoa.guards.personal.checks import digits, luhn, where

_CODE = r"(?i)[a-z]{0,4}-?[0-9][a-z0-9-]{3,14}"


def _coded(value: str) -> bool:
    return len(digits(value)) >= 4


RULES = (
    Rule(
        "MEDICAL_RECORD_NUMBER", _CODE, hint=r"(?i)\bmrn\b|medical record|patient|chart",
        reach=24, score=0.8, check=where(_coded),
        near=r"(?i)\bmrn\b|medical record|patient (?:id|no\b|number|#|identifier)|chart (?:no\b|number|#)",
    ),
    Rule(
        "HEALTH_INSURANCE_NUMBER", _CODE, reach=24, score=0.7, check=where(_coded),
        hint=r"(?i)insur|policy|member|beneficiary|krankenkasse|versicher|mutuelle",
        near=r"(?i)(?:insurance|policy|member|subscriber|beneficiary|group) (?:id|no\b|number|#|policy)|"
        r"versicher(?:ten|ungs)?(?:nummer|nr)|num(?:e|é)ro d(?:'|’)assur",
    ),
    Rule("US_NPI", r"[12][0-9]{9}", r"(?i)\bnpi\b", 16, 0.9, where(lambda value: luhn("80840" + value)), r"(?i)\bnpi\b"),
    Rule("MEDICAL_LICENSE", r"[A-HJ-MPR-UX][A-Z9][0-9]{7}", r"(?i)\bdea\b", 14, 0.8, near=r"(?i)\bdea\b"),
)  # fmt: skip
