"""The engine role, put together."""

from typing import TYPE_CHECKING

from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.engines.builtin import BuiltIn


def engine(settings: Settings) -> "BuiltIn":
    """The built-in models, loaded. Blocks; raises MissingExtra without their weights."""
    from stoa.adapters.engines.builtin import load

    return load(settings.home_folder.models, threads=settings.engine.threads, runtime=settings.engine.runtime)
