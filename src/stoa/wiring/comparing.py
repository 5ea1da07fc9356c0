"""Comparing indexes, put together."""

from typing import TYPE_CHECKING

from stoa.wiring.shared import now_ms

if TYPE_CHECKING:  # late: see the function
    from stoa.adapters.database import Database
    from stoa.domain.passages import PassageFinder
    from stoa.knowledge.indexes.comparing import Comparing, Questions


def comparing(database: "Database", finder: "PassageFinder") -> "Comparing":
    """Over what was judged, else titles; with the rights of everybody who may read something of the collection."""
    from functools import partial

    from stoa.adapters.database.questions import digests_of, judged_in, tags_in, titles_in
    from stoa.knowledge.indexes.comparing import Comparing, Questions

    async def questions_of(collection: str) -> "Questions":
        name, judged = await judged_in(database, collection)
        others = () if judged else await titles_in(database, collection)
        return Questions(await tags_in(database, collection), name, judged, others)

    return Comparing(finder, questions_of, partial(digests_of, database), now_ms)
