import pytest

from stoa.guards.secrets import KINDS, Secrets

LETTERS = "a1B2c3D4e5F6g7H8j9K0"
# Put together here, so that no scanner of repositories takes them for keys that open something.
ISSUED = {
    "STOA_KEY": "sk-" + "stoa-" + LETTERS,
    "ANTHROPIC_KEY": "sk-" + "ant-api03-" + LETTERS * 2,
    "OPENAI_KEY": "sk-" + "proj-" + LETTERS * 2,
    "OPENROUTER_KEY": "sk-" + "or-v1-" + LETTERS * 2,
    "AWS_ACCESS_KEY": "AKIA" + "IOSFODNN7QWERTYU",
    "GCP_KEY": "AI" + "za" + (LETTERS * 2)[:35],
    "GOOGLE_OAUTH_TOKEN": "ya" + "29." + LETTERS * 2,
    "GITHUB_TOKEN": "gh" + "p_" + (LETTERS * 2)[:36],
    "GITLAB_TOKEN": "gl" + "pat-" + LETTERS,
    "SLACK_TOKEN": "xo" + "xb-123456789012-" + LETTERS,
    "SLACK_WEBHOOK": "https://hooks.slack" + ".com/services/T00000000/B00000000/" + LETTERS,
    "STRIPE_KEY": "sk" + "_live_" + LETTERS,
    "TWILIO_KEY": "SK" + "0123456789abcdef" * 2,
    "SENDGRID_KEY": "SG" + "." + (LETTERS * 2)[:22] + "." + (LETTERS * 3)[:43],
    "NPM_TOKEN": "npm" + "_" + (LETTERS * 2)[:36],
    "PYPI_TOKEN": "pypi" + "-AgEI" + LETTERS * 3,
    "HUGGING_FACE_TOKEN": "hf" + "_" + "abcdefGHIJKLmnopQRSTuvwxYZabcdefgh",
    "GROQ_KEY": "gs" + "k_" + LETTERS * 3,
    "XAI_KEY": "xa" + "i-" + LETTERS * 4,
    "DIGITALOCEAN_TOKEN": "do" + "p_v1_" + "0123456789abcdef" * 4,
    "DATABRICKS_TOKEN": "da" + "pi" + "0123456789abcdef" * 2,
    "SHOPIFY_TOKEN": "shp" + "at_" + "0123456789abcdef" * 2,
    "TELEGRAM_TOKEN": "123456789:" + "AA" + (LETTERS * 2)[:33],
    "JWT": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N",
}
SET = {
    "AWS_SECRET_KEY": ("aws_secret_access_key = ", (LETTERS * 2)[:38] + "/+"),
    "AZURE_STORAGE_KEY": ("AccountName=x;AccountKey=", (LETTERS * 5)[:86] + "=="),
    "CONNECTION_STRING": ("postgres://app:", "s3cr7tpw"),
    "BEARER_TOKEN": ("Authorization: Bearer ", LETTERS + "xyz"),
    "PASSWORD": ("The password is ", "Tr0ub4dor&3"),
    "API_KEY": ('"client_secret": "', LETTERS),
}
secrets = Secrets()


def found(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in secrets.find(text)]


@pytest.mark.parametrize("kind", ISSUED)
def test_a_key_is_found_by_the_form_that_its_issuer_gives_it(kind: str) -> None:
    assert found(f"Try {ISSUED[kind]}, it works.") == [(kind, ISSUED[kind])]


@pytest.mark.parametrize("kind", SET)
def test_what_something_secret_is_set_to_is_found(kind: str) -> None:
    before, value = SET[kind]
    after = "@db.host/main" if kind == "CONNECTION_STRING" else '"' if before.endswith('"') else ""
    assert found(before + value + after) == [(kind, value)]


def test_every_kind_is_tried_here() -> None:
    assert set(ISSUED) | set(SET) | {"PRIVATE_KEY"} == KINDS


def test_a_key_file_is_found_from_its_first_line_to_its_last() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nBG5vbmUAAAAEbm9uZQ\n-----END OPENSSH PRIVATE KEY-----"
    assert found(f"Here: {key} Bye") == [("PRIVATE_KEY", key)]


def test_a_key_file_that_is_cut_off_is_found_to_the_end() -> None:
    assert found("ä -----BEGIN PRIVATE KEY-----\nMIIEvQ") == [("PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nMIIEvQ")]


def test_a_public_key_is_no_secret() -> None:
    assert found("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQ\n-----END PUBLIC KEY-----") == []


@pytest.mark.parametrize(
    "text",
    [
        "How do I reset my password?", "The password is wrong.", "password: required", 'password = os.environ["DB_PASSWORD_1"]',
        "PASSWORD=${DB_PASSWORD1}", "password: <your-password-1>", "Passwords: 12 rules for 2024", "max_tokens = 128000",
        "token = tokenizer.encode(text1)", "The secret is to rest 10 minutes", "version is 1.22.333",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b", "550e8400-e29b-41d4-a716-446655440000", "sk-learn and sk-image",
        "https://example.com/path:80/x@y", "postgres://user:password@localhost/db", "eyJub3QiOiJhIGp3dCJ9.eyJhIjoxfQx",
        "password=None", "secret: xxxxxxxxxxxxxxx1", "Our api_key is kept in a vault",
        "token = authorization[7:] if auth1", "token = here.sent[-1].headers['authorization2']",
    ],
)  # fmt: skip
def test_talk_of_secrets_is_no_secret(text: str) -> None:
    assert found(text) == []


def test_only_the_kinds_asked_for_are_found() -> None:
    text = f"{ISSUED['GITHUB_TOKEN']} {ISSUED['NPM_TOKEN']}"
    assert [finding.kind for finding in Secrets(["NPM_TOKEN"]).find(text)] == ["NPM_TOKEN"]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="'GIT' is not a kind of secret; known are ANTHROPIC_KEY"):
        Secrets(["GIT"])
