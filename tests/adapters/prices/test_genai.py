from stoa.adapters.prices.genai import GenaiPrices


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
