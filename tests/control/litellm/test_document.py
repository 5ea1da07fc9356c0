"""A configuration is read as LiteLLM reads it, and each value knows where it stands."""

from collections.abc import Mapping

import pytest

from stoa.control.litellm.document import Document, Place, read, shown
from stoa.errors import InvalidRequest

FILES = {
    "config.yaml": """\
include: [more.yaml]
model_list:
  - &first
    model_name: a
    litellm_params: &params {model: openai/a, rpm: 1}
  - <<: *first
    model_name: b
    litellm_params:
      <<: *params
      rpm: 2
router_settings:
  timeout: 5
  timeout: 6
""",
    "more.yaml": "model_list:\n- model_name: c\n  litellm_params: {model: openai/c}\nrouter_settings: {num_retries: 1}\n",
}


def loaded(files: Mapping[str, str], name: str = "config.yaml") -> Document:
    return read(name, lambda file: files[file])


def test_merge_keys_and_aliases_are_followed() -> None:
    second = loaded(FILES).values["model_list"][1]
    assert second == {"model_name": "b", "litellm_params": {"model": "openai/a", "rpm": 2}}


def test_lists_of_an_included_file_are_joined_and_anything_else_is_replaced() -> None:
    document = loaded(FILES)
    assert [each["model_name"] for each in document.values["model_list"]] == ["a", "b", "c"]
    assert document.values["router_settings"] == {"num_retries": 1}
    assert document.place(("model_list", 2, "model_name")) == Place("more.yaml", 2)
    assert document.place(("router_settings", "num_retries")) == Place("more.yaml", 4)


def test_a_value_knows_its_line() -> None:
    document = loaded({"config.yaml": FILES["config.yaml"].replace("[more.yaml]", "[]")})
    assert document.place(("model_list", 1, "litellm_params", "rpm")) == Place("config.yaml", 10)
    assert document.place(("router_settings", "nothing", "here")) == Place("config.yaml", 11)


def test_a_key_that_stands_twice_is_noted_and_the_last_counts() -> None:
    document = loaded({"config.yaml": FILES["config.yaml"].replace("[more.yaml]", "[]")})
    assert document.values["router_settings"] == {"timeout": 6}
    assert document.twice == {("router_settings", "timeout"): Place("config.yaml", 13)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model_list:\n  - model_name: [a\nrouter_settings: {}\n", "config.yaml, line 3, column 16 is not valid YAML"),
        ("model_list:\n\t- a\n", "line 2, column 1"),
        ("", "is empty"),
        ("- a", "holds a list where"),
        ("just words", "holds the value 'just words' where"),
        ("kind: Provider\nname: x\n", "no configuration of LiteLLM's proxy"),
        ("model_list: [*nobody]", "undefined alias"),
        ("model_list: &a [*a]", "line 1: an alias stands for what it is part of"),
        ("include: [3]", "line 1: 3 is not the name of a file"),
        ("model_list: !!python/object:os.system {}", "could not determine a constructor"),
    ],
)
def test_what_is_no_configuration_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(InvalidRequest, match=r"config\.yaml") as refused:
        loaded({"config.yaml": text})
    assert told in refused.value.message


def test_aliases_cannot_stand_for_billions() -> None:
    bomb = "model_list: &a [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"k{n}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8))
    with pytest.raises(InvalidRequest, match="more than 100,000 values"):
        loaded({"config.yaml": bomb})


def test_a_path_is_shown_as_one_would_write_it() -> None:
    assert shown(("model_list", 0, "litellm_params", "model")) == "model_list[0].litellm_params.model"
    assert shown(("router_settings", "fallbacks", 1, "openai/gpt 4", 0)) == "router_settings.fallbacks[1]['openai/gpt 4'][0]"
