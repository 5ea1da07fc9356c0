import numpy as np
import pytest

from stoa.adapters.engines.cosines import ALONE, cosines


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (700, 20), (5, 900)])
def test_pieces_make_the_whole_product(shape: tuple[int, int]) -> None:
    draw = np.random.default_rng(3)
    rows, asked = (draw.standard_normal((count, 384), dtype=np.float32) for count in shape)
    assert np.allclose(cosines(rows, asked), rows @ asked.T, atol=1e-4)


def test_a_row_longer_than_a_piece_is_a_piece_of_its_own() -> None:
    asked = np.ones((ALONE // 384 + 1, 384), dtype=np.float32)
    assert np.array_equal(cosines(np.ones((3, 384), dtype=np.float32), asked), np.full((3, len(asked)), 384, dtype=np.float32))
