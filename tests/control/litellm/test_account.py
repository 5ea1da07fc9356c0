"""Nothing of a configuration is lost in silence, whatever stands in it, and no secret is ever told."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

from stoa.control.litellm.convert import Conversion, convert
from stoa.control.litellm.document import Path as Keys
from stoa.control.litellm.document import read
from stoa.control.references import References
from stoa.domain.resources import Resource

UNKNOWN = "Stoa does not know this setting."


DOCUMENTED: dict[str, list[str]] = {
    name: names.split() for name, names in yaml.safe_load((Path(__file__).parent / "documented.yaml").read_text()).items()
}
ROUTER, LITELLM, GENERAL, TOP = (DOCUMENTED[name] for name in ("router", "litellm", "general", "top"))
PARAMS, INFO, MODELS = (DOCUMENTED[name] for name in ("params", "info", "models"))
SECRET = "s3cret-value"

scalar = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["os.environ/HERE", "os.environ/NOWHERE", "http://llm:8000/v1", "a", "eu-west-1", SECRET, "least-busy"]),
)  # fmt: skip
anything = st.recursive(
    scalar,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "model", "*"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def section(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names) | st.text("abc_", min_size=1, max_size=5), anything, max_size=5)


deployment = st.fixed_dictionaries(
    {
        "model_name": st.sampled_from(["a", "a", "b", "C/d", "openai/*"]),
        "litellm_params": st.builds(lambda model, rest: {**rest, "model": model}, st.sampled_from(MODELS), section(PARAMS)),
    },
    optional={"model_info": section(INFO), "rpm": anything, "surprise": anything},
)
groups = st.sampled_from(["a", "b", "C/d", "*", "gone"])
others = st.lists(st.dictionaries(groups, st.lists(groups, max_size=3), max_size=2), max_size=2)
likely = st.fixed_dictionaries(
    {},
    optional={
        "fallbacks": others, "context_window_fallbacks": others, "content_policy_fallbacks": others,
        "default_fallbacks": st.lists(groups, max_size=2),
        "model_group_alias": st.dictionaries(st.sampled_from(["z", "a"]), groups),
        "num_retries": st.integers(0, 9), "retry_after": st.integers(0, 9), "allowed_fails": st.integers(0, 9),
        "cooldown_time": st.integers(0, 900), "enable_tag_filtering": st.booleans(),
        "routing_strategy": st.sampled_from(["least-busy", "simple-shuffle", "usage-based-routing-v2"]),
    },
)  # fmt: skip
router = st.builds(lambda anyhow, usual: {**anyhow, **usual}, section(ROUTER), likely)
configuration = st.fixed_dictionaries(
    {"model_list": st.lists(deployment | anything, max_size=4)},
    optional={
        "router_settings": router,
        "litellm_settings": section(LITELLM),
        "general_settings": section(GENERAL),
        "environment_variables": section(["HERE", "OPENAI_API_KEY"]),
        "credential_list": anything,
        "surprise": anything,
        **dict.fromkeys(TOP, anything),
    },
)


def leaves(value: object, path: Keys = ()) -> Iterator[Keys]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [leaf for key, each in items for leaf in leaves(each, (*path, key))]
    yield from inner or [path]


def converted(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], Conversion]:
    document = read("config.yaml", lambda _: yaml.safe_dump(values))
    return document.values, convert(document, {"HERE": "http://here/v1"})


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(configuration)
def test_every_key_is_spoken_for_and_what_is_made_can_be_applied(values: dict[str, Any]) -> None:
    written, made = converted(values)
    spoken = {each.path for each in made.findings}
    lost = [leaf for leaf in leaves(written) if not any(leaf[:length] in spoken for length in range(1, len(leaf) + 1))]
    assert lost == []
    assert all(each.note or each.outcome == "carried" for each in made.findings)
    assert len({(type(each), each.name) for each in made.resources}) == len(made.resources)
    references = References(list(made.resources), teams=())
    for each in made.resources:
        references.check(each)


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "api_key",
                "aws_access_key_id",
                "aws_secret_access_key",
                "client_secret",
                "vertex_credentials",
                "aws_session_token",
                "azure_ad_token",
            ]
        ),
        st.just(SECRET),
    ),
    st.sampled_from(MODELS),
)
def test_no_secret_stands_in_a_manifest_or_the_report(secrets: dict[str, str], model: str) -> None:
    place = {"api_base": "http://llm/v1", "aws_region_name": "us-east-1", "vertex_project": "p"}
    values = {
        "model_list": [{"model_name": "m", "litellm_params": {"model": model, **place, **secrets}}],
        "general_settings": {"master_key": SECRET, "database_url": SECRET, "unknown": SECRET},
        "environment_variables": {"X": SECRET},
    }
    _, made = converted(values)
    references: list[Resource] = list(made.resources)
    assert SECRET not in repr(references)
    assert SECRET not in repr(made.findings)
    assert SECRET not in repr(made.secrets)


@pytest.mark.parametrize(
    ("place", "names"), [("router_settings", ROUTER), ("litellm_settings", LITELLM), ("general_settings", GENERAL)]
)
def test_each_setting_that_litellm_documents_is_known(place: str, names: list[str]) -> None:
    _, made = converted({"model_list": [], place: dict.fromkeys(names, "x")})
    assert [each.path for each in made.findings if UNKNOWN in each.note] == []


@pytest.mark.parametrize("model", MODELS)
def test_each_field_of_a_deployment_is_known(model: str) -> None:
    place = {"api_base": "http://llm/v1", "aws_bedrock_runtime_endpoint": "http://llm", "custom_llm_provider": None}
    params = {**dict.fromkeys(PARAMS, "x"), **place, "model": model}
    entry = {"model_name": "m", "litellm_params": params, "model_info": dict.fromkeys(INFO, "x") | {"mode": None}}
    _, made = converted({"model_list": [entry]})
    assert [each.path for each in made.findings if UNKNOWN in each.note] == []
    if model not in ("nothing", "openai/*"):
        assert made.resources


def test_each_section_is_known() -> None:
    _, made = converted({"model_list": [], **{name: [1] for name in TOP}})
    assert [each.path for each in made.findings if UNKNOWN in each.note] == []


def test_what_nobody_knows_is_reported_with_what_was_probably_meant() -> None:
    _, made = converted({"model_list": [], "general_settings": {"master_kye": 1}, "gaurdrails": [1]})
    notes = {each.path: each.note for each in made.findings}
    assert notes["general_settings", "master_kye"] == f"{UNKNOWN} Did you mean 'master_key'?"
    assert notes["gaurdrails",] == f"{UNKNOWN} Did you mean 'guardrails'?"


def test_what_is_off_is_not_missed() -> None:
    _, made = converted({"model_list": [], "litellm_settings": {"drop_params": False, "ssl_verify": False}})
    outcomes = {each.path[-1]: each.outcome for each in made.findings}
    assert outcomes == {"model_list": "unneeded", "drop_params": "unneeded", "ssl_verify": "left"}
