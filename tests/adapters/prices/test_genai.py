import pytest

from stoa.adapters.prices.genai import GenaiPrices
from stoa.domain.prices import ModelPrice
from stoa.domain.providers import ProviderType


def test_a_known_model_of_a_known_provider_has_a_price_a_token() -> None:
    price = GenaiPrices().price("gpt-4o-mini", base_url="https://api.openai.com/v1")
    assert price is not None
    assert (price.input, price.output) == (150.0, 600.0)


def test_the_same_model_elsewhere_and_an_unknown_one_have_none() -> None:
    prices = GenaiPrices()
    assert prices.price("gpt-4o-mini", base_url="http://127.0.0.1:8000/v1") is None
    assert prices.price("no-such-model", base_url="https://api.openai.com/v1") is None


def test_the_list_has_a_version() -> None:
    assert GenaiPrices().version.startswith("genai-prices-")


@pytest.mark.parametrize(
    ("kind", "model", "base_url"),
    [
        (
            "bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
        ),
        ("bedrock", "amazon.titan-embed-text-v2:0", "https://bedrock-runtime.us-east-1.amazonaws.com"),
        ("vertex", "gemini-2.5-flash", "https://aiplatform.eu.rep.googleapis.com/v1"),
        ("vertex", "claude-sonnet-4-5@20250929", "https://europe-west4-aiplatform.googleapis.com/v1"),
        ("gemini", "models/gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta"),
        ("azure", "gpt-4o-mini", "https://gateway.internal.example/openai"),
    ],
)
def test_kinds_that_one_company_offers_have_prices_wherever_they_are(kind: ProviderType, model: str, base_url: str) -> None:
    price = GenaiPrices().price(model, base_url=base_url, kind=kind)
    assert price is not None
    assert price.input > 0


def test_what_is_not_counted_in_tokens_has_a_price_of_its_own_kind_and_is_never_free() -> None:
    prices = GenaiPrices()

    def of(model: str) -> ModelPrice:
        found = prices.price(model, base_url="https://api.openai.com/v1")
        assert found is not None
        assert not found.is_free
        return found

    assert of("whisper-1") == ModelPrice(0, 0, second=100_000.0)
    assert of("tts-1") == ModelPrice(0, 0, character=15_000.0)
    assert of("gpt-4o-transcribe") == ModelPrice(2500.0, 10_000.0, audio_input=6000.0)
    assert of("gpt-image-1") == ModelPrice(5000.0, 40_000.0, image_input=10_000.0, cache_read=1250.0)


def test_a_model_that_is_listed_without_a_price_has_none() -> None:
    assert GenaiPrices().price("omni-moderation-latest", base_url="https://api.openai.com/v1") is None


def test_what_a_request_costs_beside_its_tokens_is_not_spread_over_them() -> None:
    found = GenaiPrices().price("sonar", base_url="https://api.perplexity.ai")
    assert found == ModelPrice(1000.0, 1000.0, request=12_000_000.0)
