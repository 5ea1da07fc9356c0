"""Products of unit vectors, in pieces so small that the library of numpy takes one thread for each.

It wakes a thread for each core beyond that, and they spin while they wait for the next: measured, a third of a question's time.
"""

import numpy as np
import numpy.typing as npt

ALONE = 1 << 18
"""Most multiplications that OpenBLAS does without other threads."""

Vectors = npt.NDArray[np.float32]


def cosines(rows: Vectors, asked: Vectors) -> Vectors:
    """Of each row with each row of asked: (rows, width) and (asked, width) to (rows, asked)."""
    step = max(1, ALONE // max(1, asked.size))
    columns = asked.T
    product = np.empty((len(rows), len(asked)), dtype=np.float32)
    for at in range(0, len(rows), step):
        np.matmul(rows[at : at + step], columns, out=product[at : at + step])
    return product
