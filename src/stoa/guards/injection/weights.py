"""The trained weights, read from the package at the first text that is judged. How they came about: `tools/injection`."""

import io
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
import numpy.typing as npt

from stoa.guards.injection.features import SPACE

NAME = "weights.npz"


class Weights(msgspec.Struct, frozen=True):
    """`values[n]` is added for feature n; a score is the logistic function of the sum and `bias`."""

    values: npt.NDArray[np.float32]
    bias: float


@cache
def weights() -> Weights:
    """Read once for the process; `values` is read-only."""
    with np.load(io.BytesIO(files("stoa.guards.injection").joinpath(NAME).read_bytes())) as stored:
        return unpacked(stored["values"], float(stored["scale"]), float(stored["bias"]))


def unpacked(values: npt.NDArray[np.int8], scale: float, bias: float) -> Weights:
    """From one byte a weight."""
    if values.shape != (SPACE,):
        raise ValueError(
            f"{NAME} holds {values.shape} weights where the features are {SPACE}: make it anew with tools/injection"
        )
    whole = values.astype(np.float32) * np.float32(scale)
    whole.flags.writeable = False
    return Weights(whole, bias)
