"""botocore signs as we do. Run by `tests/conformance/test_sdks.py`: it goes together with nothing that Stoa pins."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

from stoa.adapters.providers.credentials_sigv4 import AwsKeys, Signer
from stoa.adapters.providers.heads import segment

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), min_size=1, max_size=40)


@settings(max_examples=examples(60), deadline=None)
@given(NAMES, st.binary(max_size=200), st.sampled_from([None, "AQoDYXdzEPT//wEXAMPLE+4z/tc764bNrC9SAPBSM22w=="]))
def test_botocore_signs_the_same(name: str, body: bytes, token: str | None) -> None:
    target = f"/model/{segment(name)}/converse-stream"
    host = "bedrock-runtime.us-east-1.amazonaws.com"
    request = AWSRequest("POST", f"https://{host}{target}", data=body, headers={"content-type": "application/json"})
    SigV4Auth(Credentials("AKIDEXAMPLE", SECRET, token), "bedrock", "us-east-1").add_auth(request)
    headers = {"host": host, "content-type": "application/json", "x-amz-date": request.headers["X-Amz-Date"]}
    if token is not None:
        headers["x-amz-security-token"] = token
    ours = Signer(AwsKeys("AKIDEXAMPLE", SECRET, "us-east-1", "bedrock", token)).authorization("POST", target, headers, body)
    assert ours == request.headers["Authorization"]
