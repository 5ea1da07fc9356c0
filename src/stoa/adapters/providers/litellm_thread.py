"""A thread with an event loop of its own, where litellm's SDK runs: importing it takes seconds, and a request milliseconds."""

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from stoa.domain.upstream import Failure, Headers, Receiver
from stoa.settings import set_for_library


class SdkThread:
    """Runs coroutines beside the gateway's loop; begins with the first."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Any: a coroutine neither takes nor yields anything of interest."""
        return asyncio.run_coroutine_threadsafe(work, self.loop())

    def loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="litellm", daemon=True)
            self._thread.start()
        return self._loop

    def close(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            if not self._thread.is_alive():
                self._loop.close()
            self._loop = self._thread = None


def sdk() -> Any:
    """The package litellm, imported; Any: the code around it has to stand without it. Blocks for seconds the first time."""
    set_for_library({"LITELLM_OFFLINE_MODE": "true", "LITELLM_LOCAL_MODEL_COST_MAP": "True"})  # else it asks GitHub for prices
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


class SdkCall:
    """One question to the SDK. Implements `domain.upstream.Call`; its `Exchange` is the side in the other thread."""

    def __init__(self, thread: SdkThread, work: Callable[["Exchange"], Coroutine[Any, Any, None]], receiver: Receiver) -> None:
        self._receiver: Receiver | None = receiver
        self._other = thread.loop()
        self.exchange = Exchange(self)
        self._loop = asyncio.get_running_loop()
        self._future = thread.run(work(self.exchange))
        self._future.add_done_callback(self._over)

    def tell(self, step: Callable[[Receiver], None], *, last: bool = False) -> None:
        """Call the receiver back from the other thread, unless the call was given up."""

        def on_loop() -> None:
            receiver = self._receiver
            if last:
                self._receiver = None
            if receiver is not None:
                step(receiver)

        self._loop.call_soon_threadsafe(on_loop)

    def cancel(self) -> None:
        self._receiver = None
        self._future.cancel()

    def pause(self) -> None:
        self._other.call_soon_threadsafe(self.exchange.flowing.clear)

    def resume(self) -> None:
        self._other.call_soon_threadsafe(self.exchange.flowing.set)

    def write(self, data: bytes) -> None:
        """The body was given whole."""

    def finish(self) -> None:
        """The body was given whole."""

    def _over(self, future: "Future[None]") -> None:
        if not future.cancelled() and (error := future.exception()) is not None and not self._loop.is_closed():
            failure = Failure("malformed", f"litellm failed with {type(error).__name__}")
            self.tell(lambda receiver: receiver.on_failure(failure), last=True)


class Exchange:
    """What the work in the other thread answers through."""

    def __init__(self, call: SdkCall) -> None:
        self._call = call
        self.flowing = asyncio.Event()
        self.flowing.set()

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        def step(receiver: Receiver) -> None:
            receiver.on_head(status, headers)
            receiver.on_body(body)
            receiver.on_end()

        self._call.tell(step, last=True)

    async def stream(self, headers: Headers, pieces: AsyncIterator[bytes]) -> None:
        self._call.tell(lambda receiver: receiver.on_head(200, headers))
        async for piece in pieces:
            self._call.tell(lambda receiver, piece=piece: receiver.on_body(piece))
            await self.flowing.wait()
        self._call.tell(lambda receiver: receiver.on_end(), last=True)
