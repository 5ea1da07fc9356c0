"""`stoa price`."""

from collections.abc import Callable
from typing import Any

from tests.cli.conftest import ScriptedApi
from typer.testing import Result

FIELDS = (
    "input_per_million", "output_per_million", "cache_read_per_million", "cache_write_per_million", "reasoning_per_million",
    "audio_input_per_million", "audio_output_per_million", "image_per_million", "per_request", "per_second",
    "per_million_characters", "per_gpu_second", "long_prompts_from",
)  # fmt: skip


def price(**amounts: float) -> dict[str, Any]:
    return dict.fromkeys(FIELDS) | {"input_per_million": 0.0, "output_per_million": 0.0} | amounts


def test_the_list_says_what_is_known_of_each_model_and_by_whom(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    listed = price(input_per_million=2.5, output_per_million=10.0, cache_read_per_million=1.25, long_prompts_from=200_000)
    api.answers["GET", "/api/prices"] = {
        "version": "list-1+0",
        "data": [
            {"model": "big", "provider": "p", "source": "list", "price": listed},
            {"model": "own", "provider": "q", "source": "unknown", "price": None},
        ],
    }
    result = stoa("price", "list")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[1].split(maxsplit=4) == ["big", "p", "2.5", "10", "cache read 1.25, more from 200,000 tokens  public list"]
    assert lines[2].split() == ["own", "q", "unknown", "unknown", "-", "unknown"]


def test_a_price_is_set_from_a_moment_on(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/prices/models/big"] = {"id": "price_1", "starts_at": "2031-01-01T00:00:00.000Z"}
    result = stoa("price", "set", "big", "--input", "2.50", "--cache-read", "0.25", "--from", "2031-01-01T00:00Z")
    assert result.exit_code == 0, result.stderr
    assert api.sent("POST", "/api/prices/models/big") == [
        {
            "price": {"input_per_million": "2.50", "cache_read_per_million": "0.25"},
            "starts_at": "2031-01-01T00:00:00+00:00",
        }
    ]


def test_a_model_goes_back_to_the_list(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/prices/models/big"] = {"id": "price_1", "starts_at": "2031-01-01T00:00:00.000Z"}
    assert stoa("price", "set", "big", "--listed").exit_code == 0
    assert api.sent("POST", "/api/prices/models/big") == [{"price": None}]


def test_amounts_and_listed_exclude_each_other_and_one_is_needed(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    for options in ([], ["--listed", "--input", "1"]):
        result = stoa("price", "set", "big", *options)
        assert result.exit_code == 2
        assert "--listed alone" in result.stderr
    assert api.requests == []
