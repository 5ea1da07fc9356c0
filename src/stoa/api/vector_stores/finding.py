"""What the routes of vector stores share: finding a store and a file in it, under the caller's rights."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.filters import FilterTable
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.access import Caller
from stoa.domain.documents import Document
from stoa.domain.filters import AttributeValue
from stoa.domain.resources import Collection
from stoa.domain.vector_stores import VectorStore
from stoa.errors import InvalidRequest, NotFound
from stoa.kit.names import did_you_mean
from stoa.policy.decide import Target

PARAM = "vector_store_id"


@dataclass(frozen=True, slots=True)
class FoundStore:
    """A collection, and what makes it a vector store; None for one that was applied."""

    collection: Collection
    store: VectorStore | None

    @property
    def target(self) -> Target:
        kind = "vector_store" if self.store is not None else None
        return Target("Collection", self.collection.name, kind=kind, team=self.collection.team)

    def require_present(self, now_ms: int) -> None:
        """Raises InvalidRequest for one that is over."""
        if self.store is not None and self.store.expired(now_ms):
            raise InvalidRequest(
                f"The vector store {self.collection.name!r} has not been used for {self.store.expires_days} days and is over.",
                param=PARAM,
                code="vector_store_expired",
            )


async def stores_for(connection: AsyncConnection, caller: Caller) -> list[FoundStore]:
    """Those that the caller may know of, by name."""
    rows = await VectorStoreTable(connection).all()
    found = [
        FoundStore(each, rows.get(each.name))
        for each in await DatabaseStores(connection).resources.all()
        if isinstance(each, Collection)
    ]
    return [each for each in found if caller.may(each.target, "collection:list")]


async def find_store(connection: AsyncConnection, caller: Caller, store_id: str) -> FoundStore:
    """One to which the caller may do what the route is about. Raises NotFound for what it may not know of, and Forbidden."""
    known = await stores_for(connection, caller)
    for each in known:
        if each.collection.name == store_id:
            caller.require(each.target)
            return each
    meant = did_you_mean(store_id, [each.collection.name for each in known])
    raise NotFound(f"There is no vector store {store_id[:100]!r} here for you.{meant}", param=PARAM)


async def find_file(connection: AsyncConnection, caller: Caller, store: FoundStore, file_id: str) -> Document:
    """The document that stands for a file. Raises NotFound, also for one that the caller may not read."""
    name = store.collection.name
    document = await VectorStoreTable(connection).of_file(name, file_id)
    if document is None:
        document = await DatabaseLibrary(connection).documents.get(file_id)
    if document is None or document.collection != name or not document.rights.open_to(caller.principal.acl):
        raise NotFound(f"There is no file {file_id[:100]!r} in the vector store {name!r} for you.", param="file_id")
    return document


async def attributes_of(connection: AsyncConnection, *documents: Document) -> dict[str, dict[str, AttributeValue]]:
    """By the document's id, empty where it has none."""
    found = await FilterTable(connection).attributes([each.id for each in documents])
    return {each.id: dict(found.get(each.id, {})) for each in documents}
