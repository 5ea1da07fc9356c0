"""The indices of a LanceDB table: those that it is made with, and that of vectors, which comes with the rows."""

from datetime import timedelta

from lancedb.index import FTS, BTree, IvfRq, LabelList
from lancedb.table import AsyncTable

from stoa.adapters.vectors.held import mark
from stoa.adapters.vectors.held_words import CUT
from stoa.kit.memory import give_back

KEEP_VERSIONS = timedelta(minutes=10)
"""Old versions of a table stay this long, for searches that began on them."""

EXACT_BELOW = 1_024
"""Rows from which on vectors have an index. Measured, it finds in 3.7 ms what comparing with all takes 5.2 ms for with 2,000
rows and 130 ms with 100,000; on BeerQA the fused ranking finds the same passages."""

MOST_SEGMENTS = 24
"""Parts of that index, one more each time that something new is brought into it, before it is built anew as one."""

_VECTORS = "vector_idx"

_BITS = 4
"""Of each number of a vector in that index. Measured with 100,000 rows: of the nearest ten .997 are among its fifty, in
5 ms; with one bit .95, and finding more to choose from took 8 ms."""


async def make_indices(table: AsyncTable) -> None:
    """Those of a new table. The last says that it is made whole."""
    for column in ("acl", "deny"):
        await table.create_index(column, config=LabelList())
    for column in ("id", "document_id"):
        await table.create_index(column, config=BTree())
    await table.create_index("contextual_text", config=FTS(**CUT, with_position=False))


async def has_indices(table: AsyncTable) -> bool:
    """Whether all that a new table gets are there."""
    return any("contextual_text" in index.columns for index in await table.list_indices())


async def tend(table: AsyncTable) -> None:
    """Put small files together, bring new rows into the indices, and let go of versions and memory that nobody needs."""
    await mark(table)
    await table.optimize(cleanup_older_than=KEEP_VERSIONS)
    if await table.count_rows() >= EXACT_BELOW and not 0 < await segments(table) <= MOST_SEGMENTS:
        await table.create_index("vector", config=IvfRq(distance_type="dot", num_bits=_BITS), name=_VECTORS)
    give_back()  # what putting files together took, and building


async def segments(table: AsyncTable) -> int:
    """Parts that the index of vectors has; none where every vector is compared."""
    known = await table.index_stats(_VECTORS)
    return known.num_indices or 0 if known is not None else 0
