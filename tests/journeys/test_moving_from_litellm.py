"""Somebody moves over from LiteLLM: their configuration, a Stoa, and requests that are answered as before."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.conformance.conftest import scripted_upstream
from tests.conformance.upstream.server import KEY
from tests.journeys.conftest import RunningStoa, start, wait_until

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "litellm" / "config.yaml"
ACCOUNT = {
    "client_email": "a@acme.iam.gserviceaccount.com",
    "private_key": "k",
    "token_uri": "https://oauth2.googleapis.com/token",
}
VARIABLES = {
    "AZURE_EU_KEY": "k", "AZURE_US_KEY": "k", "OPENAI_API_KEY": "k", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k",
    "COHERE_API_KEY": "k", "GROQ_API_KEY": "k", "VERTEX_KEY": json.dumps(ACCOUNT),
}  # fmt: skip


def small(upstream: str) -> dict[str, Any]:
    """One model by two ways, of which the first is gone, one that falls back, and an alias."""
    openai = {"model": "openai/gpt-5-script", "api_base": f"{upstream}/v1", "api_key": KEY}
    gone = openai | {"api_base": "http://127.0.0.1:9/v1", "order": 1}
    claude = {
        "model": "anthropic/claude-sonnet-4-script",
        "api_base": f"{upstream}/anthropic",
        "api_key": "os.environ/CLAUDE_KEY",
    }
    embed = {"model": "openai/embed-script", "api_base": f"{upstream}/v1", "api_key": KEY}
    return {
        "model_list": [
            {"model_name": "gpt", "litellm_params": gone},
            {"model_name": "gpt", "litellm_params": openai | {"order": 2}},
            {"model_name": "Claude", "litellm_params": claude},
            {"model_name": "broken", "litellm_params": openai | {"model": "openai/no-such-model"}},
            {"model_name": "embed", "litellm_params": embed, "model_info": {"mode": "embedding"}},
        ],
        "router_settings": {"fallbacks": [{"broken": ["Claude"]}], "model_group_alias": {"gpt-4": "gpt"}, "num_retries": 1},
        "general_settings": {"master_key": "sk-1234"},
    }


def large() -> dict[str, Any]:
    """Fifty names of six deployments each."""
    entries = [
        {
            "model_name": f"team-{name}/model",
            "litellm_params": {
                "model": "azure/gpt-4o", "api_base": f"https://region-{region}.openai.azure.com", "api_key": f"key-{region}",
                "rpm": 100 * (region + 1), "tags": [f"tag-{region}"],
            },
            "model_info": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
        }
        for name in range(50)
        for region in range(6)
    ]  # fmt: skip
    router = {"enable_tag_filtering": True, "default_fallbacks": ["team-0/model"], "allowed_fails": 2}
    return {"model_list": entries, "router_settings": router}


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with scripted_upstream() as url:
        yield url


@pytest.fixture(scope="module")
def stoa(tmp_path_factory: pytest.TempPathFactory, upstream: str) -> Iterator[RunningStoa]:
    """A Stoa to which the small configuration was moved."""
    folder = tmp_path_factory.mktemp("moving")
    (folder / "config.yaml").write_text(yaml.safe_dump(small(upstream)))
    with start(folder) as running:
        moved = running.stoa("import", "litellm", "config.yaml", "--apply", "--yes", CLAUDE_KEY=KEY)
        assert moved.returncode == 0, moved.stderr
        assert "Claude -> claude" in moved.stdout
        yield running


@pytest.fixture(scope="module")
def client(stoa: RunningStoa) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {stoa.key('moved')}"}
    with httpx.Client(base_url=stoa.url, headers=headers, timeout=30) as made:
        wanted = {"gpt", "claude", "broken", "embed", "gpt-4"}
        wait_until(
            lambda: wanted <= {each["id"] for each in made.get("/v1/models").json()["data"]}, "the gateway has the models"
        )
        yield made


@pytest.mark.parametrize(("name", "model"), [("gpt", "gpt-"), ("gpt-4", "gpt-"), ("claude", "claude-"), ("broken", "claude-")])
def test_each_name_is_answered_as_before(client: httpx.Client, name: str, model: str) -> None:
    asked = {"model": name, "messages": [{"role": "user", "content": "Good day"}]}
    answer = client.post("/v1/chat/completions", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]
    assert answer.headers["x-stoa-route"] == name
    assert answer.headers["x-stoa-model"].startswith(model)


def test_streams_and_embeddings_are_answered_too(client: httpx.Client) -> None:
    asked = {"model": "gpt", "stream": True, "messages": [{"role": "user", "content": "Good day"}]}
    assert client.post("/v1/chat/completions", json=asked).text.endswith("data: [DONE]\n\n")
    assert client.post("/v1/embeddings", json={"model": "embed", "input": "a"}).json()["data"][0]["embedding"]


def test_moving_again_changes_nothing(stoa: RunningStoa) -> None:
    again = stoa.stoa("import", "litellm", "config.yaml", "--apply", "--yes", CLAUDE_KEY=KEY)
    assert (again.returncode, "Everything is there already." in again.stderr) == (0, True)


def test_a_company_s_configuration_can_be_applied(stoa: RunningStoa) -> None:
    moved = stoa.stoa(
        "import", "litellm", str(EXAMPLE), "--apply", "--yes", "--model", "groq/llama-3.3-70b-versatile", **VARIABLES
    )
    assert moved.returncode == 0, moved.stderr
    assert "Route/gpt-4o created" in moved.stderr
    assert "Model/groq-llama-3.3-70b-versatile-groq created" in moved.stderr
    assert "written-in-the-clear" not in moved.stdout + moved.stderr


def test_a_large_configuration_can_be_applied_by_its_manifests(stoa: RunningStoa) -> None:
    folder = stoa.home.parent
    (folder / "large.yaml").write_text(yaml.safe_dump(large()))
    written = stoa.stoa("import", "litellm", "large.yaml", "--out", "large")
    assert written.returncode == 0, written.stderr
    assert "becomes 6 providers, 300 models, 50 routes." in written.stdout
    keys = {f"IMPORTED_AZURE_API_KEY{'' if n == 0 else f'_{n + 1}'}": f"key-{n}" for n in range(6)}
    applied = stoa.stoa("apply", "-f", "large", **keys)
    assert applied.returncode == 0, applied.stderr
    assert len(applied.stdout.splitlines()) == 356
