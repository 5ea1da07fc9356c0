"""Partitions over Daft: the same plan in processes beside this one, or on the machines of a Ray cluster.

What is done to a document is the pipeline that `opening` names, opened once in each process. Items go there and results come
back as MessagePack; bytes of documents do not travel, for each process reads them from the object store. Importing Daft takes
half a second, Ray three: both are imported late.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import msgspec

from stoa.adapters.processing.child import Opening, PartitionWork
from stoa.domain.processing import Item, Processed, Recipe
from stoa.errors import MissingExtra, ProcessingError
from stoa.settings import set_for_library

if TYPE_CHECKING:
    import daft

BATCH = 32
"""Results that are handed on together."""

CALL = 128
"""Items that a process is given at once: some batches, so that it reads one while it embeds another."""

_QUIET = {
    "DAFT_ANALYTICS_ENABLED": "0", "DO_NOT_TRACK": "true", "RAY_USAGE_STATS_ENABLED": "0",  # neither reports home
    "DAFT_PROGRESS_BAR": "0", "RAY_DISABLE_DASHBOARD": "1",
}  # fmt: skip
_decode = msgspec.msgpack.Decoder(Processed).decode
_starting = threading.Lock()
_started: list[str | None] = []
"""What Daft was told to run on: it can be told once a process."""


class DaftProcessor:
    """Implements `domain.processing.Processor`.

    `opening` says, for the team that pays, how a process opens its pipeline. `ray_address` names a cluster; None is this
    machine, with so many `processes`.
    """

    def __init__(self, opening: Callable[[str], Opening], *, ray_address: str | None = None, processes: int = 1) -> None:
        self._opening, self._ray_address, self._processes = opening, ray_address, processes

    async def process(self, items: Sequence[Item], recipe: Recipe, *, team: str) -> AsyncIterator[Sequence[Processed]]:
        if not items:
            return
        await asyncio.to_thread(start, self._ray_address)
        async with _Rows(lambda: self._rows(items, recipe, team)) as rows:
            some: list[Processed] = []
            async for row in rows:
                some.append(_decode(row))
                if len(some) == BATCH:
                    yield some
                    some = []
            if some:
                yield some

    async def close(self) -> None:
        """Processes end with each partition; the connection to Ray ends with this process."""

    def _rows(self, items: Sequence[Item], recipe: Recipe, team: str) -> Iterator[bytes]:
        """Results as they come. Runs in a thread."""
        frame, processes = _plan(items, self._opening(team), recipe, team, self._ray_address, self._processes)
        for row in frame.iter_rows(results_buffer_size=processes):
            yield row["processed"]


def start(ray_address: str | None) -> None:
    """Tell Daft what to run on. Raises MissingExtra without Ray, and ProcessingError when the cluster cannot be reached."""
    with _starting:
        if _started:
            if _started[0] != ray_address:
                raise ProcessingError(f"This process already works with {_started[0] or 'this machine'!r}.")
            return
        set_for_library(_QUIET)
        import daft

        if ray_address is None:
            daft.set_runner_native()
        else:
            _join(ray_address)
            daft.set_runner_ray(noop_if_initialized=True)
        _started.append(ray_address)


def _join(address: str) -> None:
    try:
        import ray
    except ImportError:
        raise MissingExtra("worker.ray_address needs the package 'ray'. Install it with: pip install 'stoa[ray]'") from None
    try:
        if not ray.is_initialized():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # what Ray raises has no common class
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ProcessingError(f"Ray cannot be reached at {address!r}: {reason[:300]}") from error


def _plan(
    items: Sequence[Item], opening: Opening, recipe: Recipe, team: str, ray_address: str | None, processes: int
) -> "tuple[daft.DataFrame, int]":
    import daft
    from daft import DataType

    if ray_address is not None:
        import ray

        processes = max(1, int(ray.cluster_resources().get("CPU", 1)))  # pyright: ignore[reportUnknownMemberType]

    @daft.cls(use_process=ray_address is None, max_concurrency=processes)
    class Partition:
        """A process with its pipeline."""

        def __init__(self, work: PartitionWork) -> None:
            self.work = work

        @daft.method.batch(return_dtype=DataType.binary(), batch_size=CALL)
        def process(self, items: Any) -> list[bytes]:  # Any: a Series of Daft's
            return self.work(items.to_pylist())

    frame = daft.from_pydict({"item": [msgspec.msgpack.encode(item) for item in items]})
    if ray_address is not None:
        frame = frame.into_partitions(max(1, min(2 * processes, len(items) // CALL)))
    work = Partition(PartitionWork(opening, recipe, team))
    return frame.select(work.process(frame["item"]).alias("processed")), processes


class _Rows:
    """An iterator of a thread as one of the loop's: few are ahead, so that what comes too fast waits where it is made."""

    def __init__(self, rows: Callable[[], Iterator[bytes]]) -> None:
        self._make = rows
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(maxsize=2 * BATCH)
        self._stopped = threading.Event()
        self._done: Future[None] = Future()

    async def __aenter__(self) -> AsyncGenerator[bytes]:
        threading.Thread(target=self._run, name="daft", daemon=True).start()
        return self._each()

    async def __aexit__(self, *_: object) -> None:
        self._stopped.set()
        while not self._done.done():  # make room, so that the thread sees that it is over
            while not self._queue.empty():
                self._queue.get_nowait()
            await asyncio.sleep(0.02)

    async def _each(self) -> AsyncGenerator[bytes]:
        while (row := await self._queue.get()) is not None:
            if isinstance(row, BaseException):
                raise ProcessingError(f"Processing a partition broke off: {_reason(row)}") from row
            yield row

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            for row in self._make():
                if self._stopped.is_set():
                    break
                self._put(row)
        except BaseException as error:  # noqa: BLE001 - raised where the rows are waited for
            last = error
        if not self._stopped.is_set():
            self._put(last)
        self._done.set_result(None)

    def _put(self, row: bytes | BaseException | None) -> None:
        asyncio.run_coroutine_threadsafe(self._queue.put(row), self._loop).result()


def _reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]
