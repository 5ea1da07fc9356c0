import pytest

from stoa.domain.providers import base_url_of


@pytest.mark.parametrize(
    ("kind", "region", "expected"),
    [
        ("vertex", "europe-west4", "https://europe-west4-aiplatform.googleapis.com/v1"),
        ("vertex", "global", "https://aiplatform.googleapis.com/v1"),
        ("vertex", "eu", "https://aiplatform.eu.rep.googleapis.com/v1"),
        ("bedrock", "eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com"),
        ("bedrock", "cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ("bedrock", None, None),
        ("azure", None, None),
        ("openai", None, "https://api.openai.com/v1"),
    ],
)
def test_a_kind_has_an_address_where_its_region_is(kind, region, expected) -> None:
    assert base_url_of(kind, None, region) == expected


def test_what_is_written_comes_first() -> None:
    assert base_url_of("vertex", "http://127.0.0.1:1", "global") == "http://127.0.0.1:1"
