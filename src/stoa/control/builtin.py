"""What every Stoa has without being told: its own engine, and the two models in it, free of charge."""

from collections.abc import Sequence

from stoa.domain.resources import Model, Price, Provider, Resource

ENGINE = "stoa-engine"


def builtin_resources(engine_url: str) -> Sequence[Resource]:
    """The resources that are there unless one of the same kind and name was applied. `engine_url` is the engine role's."""
    free = Price(input_per_million="0")
    return (
        Provider(name=ENGINE, base_url=f"{engine_url.rstrip('/')}/v1", description="Built in"),
        Model(name="stoa-embed", provider=ENGINE, operation="embedding", price=free, description="Built-in embeddings"),
        Model(
            name="stoa-reader",
            provider=ENGINE,
            price=free,
            description="Built-in reader: answers in the sentences of the passages it is given",
        ),
    )


def with_builtin(applied: Sequence[Resource], engine_url: str) -> list[Resource]:
    """Applied resources, and the built-in ones that none of them replaces."""
    taken = {(type(resource), resource.name) for resource in applied}
    return [*(each for each in builtin_resources(engine_url) if (type(each), each.name) not in taken), *applied]
