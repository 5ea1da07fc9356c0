"""Watching folders of this machine: which of them changed since somebody last asked."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from stoa.adapters.sources.places import require_allowed
from stoa.domain.sidecars import NAME
from stoa.domain.sources import Folder, is_hidden
from stoa.errors import InvalidRequest

_DEBOUNCE_MS = 400
"""Changes that follow each other this closely are told together."""
_STEP_MS = 50
_AGAIN_S = 5.0
"""How long after a folder could not be watched it is tried again."""

_log = logging.getLogger(__name__)


class FolderWatch:
    """Watches folders by name. `folders` are the places that may be read at all."""

    def __init__(self, *, folders: Sequence[str]) -> None:
        self._folders = folders
        self._tasks: dict[tuple[str, str, bool], asyncio.Task[None]] = {}
        self._moved: set[str] = set()

    def keep(self, wanted: Mapping[str, Folder]) -> None:
        """Watch these and no others. One that is new counts as changed: nobody saw what happened before."""
        keys = {(name, folder.path, folder.hidden): folder for name, folder in wanted.items()}
        for key in self._tasks.keys() - keys.keys():
            self._tasks.pop(key).cancel()
        for key, folder in keys.items():
            if key not in self._tasks:
                self._moved.add(key[0])
                self._tasks[key] = asyncio.create_task(self._watch(key[0], folder))

    @property
    def moved(self) -> frozenset[str]:
        """Names of those that changed and were not seen to."""
        return frozenset(self._moved)

    def seen_to(self, name: str) -> None:
        """What changes from now on counts as a change again."""
        self._moved.discard(name)

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, name: str, folder: Folder) -> None:
        from watchfiles import awatch  # late: few watch a folder

        def counts(_: object, path: str) -> bool:
            try:
                inside = PurePath(path).relative_to(folder.path).as_posix()
            except ValueError:  # the folder goes by another name too
                return True
            return PurePath(path).name == NAME or folder.hidden or not is_hidden(inside)

        while True:
            try:
                require_allowed(folder, {}, self._folders)
                watching = awatch(
                    folder.path, watch_filter=counts, debounce=_DEBOUNCE_MS, step=_STEP_MS, ignore_permission_denied=True
                )
                async for _ in watching:
                    self._moved.add(name)
            except (OSError, InvalidRequest) as error:  # not there, or not allowed: a sync says so where people look
                _log.warning("the folder of the source %s cannot be watched: %s", name, error)
            await asyncio.sleep(_AGAIN_S)
            self._moved.add(name)
