"""What is kept with a document of how its passages were made: its traits, the versions at work, and what it repeats."""

from collections.abc import Sequence

import msgspec

from stoa.domain.documents import DocumentLedger, Outcome
from stoa.domain.processing import Processed
from stoa.domain.resources import Collection
from stoa.knowledge.fingerprint import CHUNKER, PARSER
from stoa.knowledge.traits.resemblance import originals, sketch_of


async def with_traits(
    documents: DocumentLedger, collection: Collection, outcomes: Sequence[Outcome], processed: Sequence[Processed]
) -> list[Outcome]:
    """The outcomes of some documents with their traits; each names the older document that says almost the same."""
    sketches = {each.id: sketch_of(each.signature, collection=collection.name) for each in processed if each.traits is not None}
    repeats = originals(sketches, await documents.resembling(collection.name, sketches)) if sketches else {}
    made = {
        each.id: msgspec.structs.replace(
            each.traits, parser=PARSER, chunker=CHUNKER, embedder=collection.embedding_model, duplicate_of=repeats.get(each.id)
        )
        for each in processed
        if each.traits is not None
    }
    return [
        msgspec.structs.replace(one, traits=made[one.document_id], sketch=sketches[one.document_id])
        if one.document_id in made
        else one
        for one in outcomes
    ]
