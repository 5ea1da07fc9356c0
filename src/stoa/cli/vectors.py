"""`stoa vectors`: the index of passages: moved to another store, compared, kept as snapshots and put back."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from stoa.cli import output
from stoa.cli.progress import progress
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import OperatorError

if TYPE_CHECKING:
    from stoa.domain.vectors import VectorStore
    from stoa.knowledge.indexes.checking import Faults
    from stoa.wiring.vectors import Vectors

_R = TypeVar("_R")

vectors = typer.Typer(name="vectors", help="Index of passages: migrate, verify, snapshot.", no_args_is_help=True)
snapshots = typer.Typer(name="snapshot", help="Snapshots of an index: create, list, restore, delete.", no_args_is_help=True)
vectors.add_typer(snapshots)

_COLLECTION = Annotated[list[str] | None, typer.Option("--collection", help="Only this one; may be given several times.")]
_NAME = Annotated[str, typer.Argument(help="The collection's name.")]
_ID = Annotated[str, typer.Argument(help="The snapshot's id, as `stoa vectors snapshot list` shows it.")]

QUESTIONS = 20
LEAST_DENSE, LEAST_LEXICAL = 0.95, 0.5
"""Of the nearest ten by meaning, what both stores must share; by words each store counts in its own way how rare one is."""


@verb(vectors, "migrate", action="vectors:migrate")
def migrate(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", help="A folder (LanceDB), or a Milvus server such as http://10.0.0.7:19530.")],
    collection: _COLLECTION = None,
) -> None:
    """Copy the index to another store, also while Stoa runs, compare every row, and say which setting to change.

    With all collections, changes of documents wait from the end of the copy until Stoa starts with the new store; questions
    are answered meanwhile. With --collection, those are copied and nothing else happens. May be repeated at any time.
    """
    from stoa.knowledge.indexes.moving import copy, move

    async def run(parts: "Vectors") -> None:
        bar = progress()
        named, steps = await parts.chosen(collection or []), set[tuple[str, int]]()

        def say(name: str, done: int, total: int) -> None:
            if (name, total) not in steps:
                steps.add((name, total))
                bar.step(f"Copying {name}", total)
            bar.reach(done)

        async with parts.other(to) as (there, place):
            if place == parts.place:
                raise OperatorError(f"The index is in {place!r} already. Name another store in --to.")
            with bar:
                if collection:
                    moved = [await copy(parts.index, there, name, parts.corpus, say) for name in named]
                else:
                    moved = await move(parts.index, there, named, parts.corpus, parts.gate, store=place, say=say)
            for each in moved:
                output.note(
                    f"{each.collection}: {each.rows:,} passages of {each.documents:,} documents are the same in both, compared "
                    f"row by row ({each.written:,} documents written)."
                )
                await _same_answers(parts, there, each.collection)
            if not collection:
                output.note("Changes of documents wait from now on. Set this, and start Stoa again:")
                output.result(f"STOA_VECTORS__URL={place}")

    _run(ctx, run)


@verb(vectors, "verify", action="vectors:verify")
def verify(
    ctx: typer.Context,
    against: Annotated[str | None, typer.Option("--against", help="Another store; the documents if left out.")] = None,
    collection: _COLLECTION = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Against the documents: make good what is not as it should be.")
    ] = False,
) -> None:
    """Compare the index with another store row by row, or with the documents. Exit code 1 when they differ."""
    from stoa.domain.indexes import collection_of
    from stoa.knowledge.indexes.checking import check
    from stoa.knowledge.indexes.checking import repair as make_good
    from stoa.knowledge.indexes.gate import GatedIndex
    from stoa.knowledge.indexes.sameness import compare

    if against and repair:
        raise typer.BadParameter("--repair is for comparing with the documents: leave out --against")

    async def with_documents(parts: "Vectors", name: str) -> bool:
        known = await parts.searched(name)
        faults = await check(parts.index, parts.corpus, known)
        output.note(f"{name}: {faults.rows:,} passages of {faults.documents:,} documents. {_told(faults)}")
        if not faults.none and repair:
            await make_good(GatedIndex(parts.index, parts.gate), parts.corpus, known, faults)
            output.note(f"{name}: made good. {len(faults.incomplete):,} documents are indexed again by the next sync.")
            return True
        return faults.none

    async def with_other(parts: "Vectors", name: str) -> bool:
        async with parts.other(against or "") as (there, place):
            found = await compare(parts.index, there, name)
            if found.none:
                output.note(f"{name}: {found.rows:,} passages of {found.documents:,} documents, the same in {place}.")
                await _same_answers(parts, there, name)
            else:
                output.note(
                    f"{name}: in {place}, {len(found.changed):,} documents are not as here, and {len(found.extra):,} are there "
                    f"alone: {', '.join([*found.changed, *found.extra][:5])}"
                )
            return found.none

    async def run(parts: "Vectors") -> None:
        chosen = await parts.chosen(collection or [])
        look = with_other if against else with_documents
        names = chosen if against else sorted({collection_of(name) for name in chosen})
        bad = [name for name in names if not await look(parts, name)]
        if bad:
            raise OperatorError(f"Not as it should be: {', '.join(bad)}.")

    _run(ctx, run)


@verb(snapshots, "create", action="vectors:snapshot", under="vectors")
def create(ctx: typer.Context, collection: _NAME) -> None:
    """Copy a collection's index into the objects, also while Stoa runs, and print the snapshot's id."""

    async def run(parts: "Vectors") -> None:
        found = await parts.searched(collection)
        with progress() as bar:
            made = await parts.snapshots.create(found, say=_stepping(bar.step, bar.reach, "Documents"))
        output.note(f"{made.rows:,} passages of {made.documents:,} documents, {made.bytes / 1e6:,.1f} MB.")
        output.result(made.id)

    _run(ctx, run)


@verb(snapshots, "list", action="vectors:snapshot", under="vectors")
def list_snapshots(ctx: typer.Context, collection: _NAME) -> None:
    """The snapshots of a collection's index, the newest first."""
    from datetime import UTC, datetime

    def made(at_ms: int) -> str | None:
        return output.when(datetime.fromtimestamp(at_ms / 1000, UTC).isoformat())

    async def run(parts: "Vectors") -> None:
        found = await parts.snapshots.all((await parts.searched(collection)).collection.name)
        rows = [(one.id, made(one.created_at), one.documents, one.rows, f"{one.bytes / 1e6:,.1f} MB") for one in found]
        output.table(
            ["id", "made", "documents", "passages", "size"], rows,
            empty=f"Collection {collection!r} has no snapshots. Make one: stoa vectors snapshot create {collection}",
        )  # fmt: skip

    _run(ctx, run)


@verb(snapshots, "restore", action="vectors:restore", under="vectors")
def restore(ctx: typer.Context, collection: _NAME, snapshot: _ID) -> None:
    """Put a snapshot in the index's place, also while Stoa runs.

    Documents that were removed since stay away, and rights are those of now. A document that has changed since keeps what
    the index holds of it.
    """

    async def run(parts: "Vectors") -> None:
        found = await parts.searched(collection)
        with progress() as bar:
            done = await parts.snapshots.restore(found, snapshot, say=_stepping(bar.step, bar.reach, "Files"))
        output.note(
            f"{done.rows:,} passages: {done.restored:,} documents from the snapshot, {done.kept:,} as they were in the index."
        )
        if done.missing:
            output.warning(
                f"{len(done.missing):,} documents are in neither as they are now, and are not found until they are indexed: "
                "send them again, or sync their source."
            )

    _run(ctx, run)


@verb(snapshots, "delete", action="vectors:snapshot", under="vectors")
def delete(ctx: typer.Context, collection: _NAME, snapshot: _ID) -> None:
    """Delete a snapshot, or what a crash left of one."""

    async def run(parts: "Vectors") -> None:
        await parts.snapshots.delete((await parts.searched(collection)).collection.name, snapshot)

    _run(ctx, run)


async def _same_answers(parts: "Vectors", there: "VectorStore", name: str) -> None:
    """Raises OperatorError when the other store finds other passages for questions drawn from the rows."""
    from stoa.knowledge.indexes.sameness import ask_both

    agreed = await ask_both(parts.index, there, name, questions=QUESTIONS)
    told = (
        f"{name}: of the nearest ten for {agreed.questions} questions, {agreed.dense:.0%} are the same by meaning and "
        f"{agreed.lexical:.0%} by words."
    )
    output.note(told)
    if agreed.dense < LEAST_DENSE or agreed.lexical < LEAST_LEXICAL:
        raise OperatorError(f"{told} That is too few: look at the other store's own log before you use it.")


def _told(faults: "Faults") -> str:
    said = [
        (faults.open_wrongly, "have rights that are not those of now"),
        (faults.strangers, "are of documents that are not there any more"),
        (faults.incomplete, "are not whole"),
    ]
    parts = [f"{len(ids):,} {what} ({', '.join(ids[:3])}{', ...' if len(ids) > 3 else ''})" for ids, what in said if ids]
    return "; ".join(parts) + "." if parts else "All as the documents say."


def _stepping(step: Callable[[str, int], None], reach: Callable[[int], None], name: str) -> Callable[[int, int], None]:
    begun = False

    def say(done: int, total: int) -> None:
        nonlocal begun
        if not begun:
            step(name, total)
            begun = True
        reach(done)

    return say


def _run(ctx: typer.Context, work: "Callable[[Vectors], Coroutine[None, None, _R]]") -> _R:
    import asyncio  # late: 50 ms

    from stoa.wiring.vectors import vectors as put_together

    settings = target(ctx).settings()

    async def run() -> _R:
        async with put_together(settings) as parts:
            return await work(parts)

    return asyncio.run(run())
