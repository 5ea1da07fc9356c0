"""AWS' published test suite, and requests taken apart as they came over the wire."""

import hashlib
import hmac

import pytest

from stoa.adapters.providers.credentials_sigv4 import AwsKeys, Signer

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = AwsKeys("AKIDEXAMPLE", SECRET, "us-east-1", "service")
HOST = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/"
    "qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr"
    "7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)

SUITE = [
    ("get-vanilla", "GET", "/", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("post-vanilla", "POST", "/", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", {}, b"",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "post-x-www-form-urlencoded", "POST", "/", FORM, b"Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
    (
        "post-sts-header-before", "POST", "/", {"x-amz-security-token": TOKEN}, b"",
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "method", "target", "further", "body", "signature"), SUITE, ids=[each[0] for each in SUITE])
def test_the_published_requests_get_the_published_signatures(name, method, target, further, body, signature) -> None:
    headers = {**HOST, **further}
    assert Signer(KEYS).authorization(method, target, headers, body) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={';'.join(sorted(headers))}, Signature={signature}"
    )


def test_the_key_of_another_day_is_another() -> None:
    signer = Signer(KEYS)
    days = [{**HOST, "x-amz-date": f"201508{day}T000000Z"} for day in ("30", "31", "30")]
    first, second, third = (signer.authorization("GET", "/", headers, b"") for headers in days)
    assert first == third != second


def test_no_secret_is_in_the_representation_of_the_keys() -> None:
    assert SECRET not in repr(AwsKeys("AKIDEXAMPLE", SECRET, "us-east-1", "bedrock", TOKEN))
    assert TOKEN not in repr(AwsKeys("AKIDEXAMPLE", SECRET, "us-east-1", "bedrock", TOKEN))


def verify(line: str, headers: dict[str, str], body: bytes, *, secret: str) -> None:
    """Checks a request as AWS does, from nothing but its bytes and the secret. Written apart from the signer."""
    scheme, _, rest = headers["authorization"].partition(" ")
    fields = dict(part.split("=", 1) for part in rest.split(", "))
    _, day, region, service, last = fields["Credential"].split("/")
    assert (scheme, last) == ("AWS4-HMAC-SHA256", "aws4_request")
    method, target, _ = line.split(" ")
    encoded = "".join(c if c.isalnum() or c in "/-._~" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in target)
    text = f"{method}\n{encoded}\n\n"
    for name in fields["SignedHeaders"].split(";"):
        text += f"{name}:{headers[name]}\n"
    text += f"\n{fields['SignedHeaders']}\n{hashlib.sha256(body).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for step in (day, region, service, last):
        key = hmac.digest(key, step.encode(), "sha256")
    scope = "/".join((day, region, service, last))
    to_sign = "\n".join(("AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(text.encode()).hexdigest()))
    assert hmac.digest(key, to_sign.encode(), "sha256").hex() == fields["Signature"]
