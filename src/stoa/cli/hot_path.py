"""Whether a gateway runs its hot path compiled: decided before any of it is imported."""

from pathlib import Path

import stoa
from stoa.kit import compiled
from stoa.settings import Settings


def compiled_hot_path(settings: Settings) -> compiled.State:
    """Use what `make compile` made, if the settings want it and it is of these sources."""
    return compiled.use(Path(stoa.__file__).parent, wanted=settings.gateway.compiled)
