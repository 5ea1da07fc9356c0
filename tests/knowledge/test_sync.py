"""What a sync sends, moves and removes."""

import msgspec

from stoa.domain.documents import Document, DocumentState
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.knowledge.fingerprint import fingerprint
from stoa.knowledge.sync import plan_sync

TEAM, HR = frozenset({"team:a"}), frozenset({"group:hr"})
COLLECTION = Collection(name="c", team="a")


def known(path: str, digest: str, state: DocumentState = "indexed") -> Document:
    document = Document(
        id=path, collection="c", source="s", path=path, title="", digest=digest, bytes=1, acl=TEAM, state=state, created_at=1,
        updated_at=1,
    )  # fmt: skip
    return msgspec.structs.replace(document, indexed_as=fingerprint(document, COLLECTION) if state == "indexed" else None)


DOCUMENTS = [
    known("same", "1"),
    known("changed", "1"),
    known("gone", "1"),
    known("broken", "1", "failed"),
    known("new", "1", "queued"),
]
FILES = {"same": "1", "changed": "2", "fresh": "1", "broken": "1", "new": "1"}


def test_only_what_is_new_changed_or_failed_is_sent() -> None:
    plan = plan_sync(FILES, DOCUMENTS, collection=COLLECTION, rights=lambda _: Rights(TEAM), prune=True)
    assert plan.upload == ("broken", "changed", "fresh")
    assert plan.unchanged == ("new", "same")
    assert plan.requeue == ()
    assert plan.remove == ("gone",)


def test_without_pruning_nothing_is_removed() -> None:
    assert plan_sync(FILES, DOCUMENTS, collection=COLLECTION, rights=lambda _: Rights(TEAM), prune=False).remove == ()


def test_other_rights_move_what_is_the_same_and_send_what_is_not() -> None:
    plan = plan_sync(FILES, DOCUMENTS, collection=COLLECTION, rights=lambda _: Rights(HR), prune=True)
    assert plan.requeue == ("new", "same")
    assert plan.upload == ("broken", "changed", "fresh")


def test_a_denial_alone_moves_a_document_and_each_path_has_its_own_rights() -> None:
    denied = {"same": Rights(TEAM, HR)}
    plan = plan_sync(FILES, DOCUMENTS, collection=COLLECTION, rights=lambda path: denied.get(path, Rights(TEAM)), prune=True)
    assert (plan.requeue, plan.unchanged) == (("same",), ("new",))


def test_an_empty_source_that_is_pruned_empties_the_collection() -> None:
    plan = plan_sync({}, DOCUMENTS, collection=COLLECTION, rights=lambda _: Rights(TEAM), prune=True)
    assert plan.remove == ("broken", "changed", "gone", "new", "same")


def test_what_is_cut_otherwise_than_the_collection_now_says_is_left_to_a_new_index() -> None:
    finer = msgspec.structs.replace(COLLECTION, chunk_tokens=64)
    plan = plan_sync(FILES, DOCUMENTS, collection=finer, rights=lambda _: Rights(TEAM), prune=True)
    assert (plan.requeue, plan.unchanged) == ((), ("new", "same"))
    assert plan.upload == ("broken", "changed", "fresh")
