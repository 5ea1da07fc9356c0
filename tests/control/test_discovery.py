from collections.abc import Sequence

from stoa.control.discovery import KNOWN, discover
from stoa.control.references import References
from stoa.domain.resources import Model, Provider

EVERYTHING = {name: "secret" for known in KNOWN for name in known.variables} | {
    "AWS_REGION": "eu-central-1",
    "AZURE_OPENAI_ENDPOINT": "https://acme.openai.azure.com/",
}


class Machine:
    """A machine on which these servers answer with these models."""

    def __init__(self, servers: dict[str, Sequence[str]]) -> None:
        self.servers = servers
        self.asked: list[str] = []

    async def models(self, base_url: str) -> Sequence[str] | None:
        self.asked.append(base_url)
        return self.servers.get(base_url)


async def test_nothing_there_is_nothing_found_and_only_loopback_is_asked() -> None:
    machine = Machine({})
    assert await discover({}, machine) == []
    assert machine.asked == ["http://127.0.0.1:11434/v1", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8080/v1"]


async def test_every_known_key_becomes_a_provider_whose_models_hold_together() -> None:
    found = await discover(EVERYTHING, Machine({}))
    providers = [each for each in found if isinstance(each, Provider)]
    assert [each.name for each in providers] == list(dict.fromkeys(known.name for known in KNOWN))
    assert all(each.type == each.name and each.api_key == "secret" for each in providers)
    assert providers[0].description == "found by OPENAI_API_KEY"
    names = [each.name for each in found if isinstance(each, Model)]
    assert len(names) == len(set(names)) >= len(KNOWN)
    references = References(found, teams=())
    for each in found:
        references.check(each)


async def test_an_empty_key_is_none() -> None:
    assert await discover({"OPENAI_API_KEY": " "}, Machine({})) == []


async def test_keys_of_aws_need_a_region_and_both_halves() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    assert await discover(keys, Machine({})) == []
    assert await discover({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_REGION": "us-east-1"}, Machine({})) == []
    (provider, *_) = await discover(keys | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_SESSION_TOKEN": "t"}, Machine({}))
    assert isinstance(provider, Provider)
    assert (provider.type, provider.region, provider.api_key) == ("bedrock", "us-east-1", None)
    assert provider.credentials == {"aws_access_key_id": "AKIA", "aws_secret_access_key": "s3cret", "aws_session_token": "t"}


async def test_the_second_name_of_a_variable_counts_and_azure_needs_its_endpoint() -> None:
    (provider, *_) = await discover({"GOOGLE_API_KEY": "k"}, Machine({}))
    assert (provider.name, provider.description) == ("gemini", "found by GOOGLE_API_KEY")
    assert await discover({"AZURE_OPENAI_API_KEY": "k"}, Machine({})) == []
    (azure,) = await discover({"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://a.azure.com/"}, Machine({}))
    assert isinstance(azure, Provider)
    assert azure.base_url == "https://a.azure.com"


async def test_a_server_on_this_machine_becomes_a_provider_of_free_models() -> None:
    found = await discover({}, Machine({"http://127.0.0.1:11434/v1": ["llama3.2:latest", "nomic-embed-text", "Qwen/Qwen3"]}))
    models = {each.name: each for each in found if isinstance(each, Model)}
    assert {name: (model.upstream_name, model.operation) for name, model in models.items()} == {
        "llama3.2-latest": ("llama3.2:latest", "chat"),
        "nomic-embed-text": ("nomic-embed-text", "embedding"),
        "qwen-qwen3": ("Qwen/Qwen3", "chat"),
    }
    assert all(model.price is not None and model.price.input_per_million == "0" for model in models.values())


async def test_models_of_one_name_are_told_apart_and_built_in_names_stay_free() -> None:
    servers = {"http://127.0.0.1:11434/v1": ["a", "stoa-reader"], "http://127.0.0.1:8000/v1": ["a", "???"]}
    found = await discover({}, Machine(servers))
    assert [each.name for each in found if isinstance(each, Model)] == ["a", "ollama-stoa-reader", "vllm-a"]
