"""One cache of compiled SQL for all databases of a test process.

SQLAlchemy compiles a statement once an engine, and each test has an engine of its own. Here engines of one dialect share,
once this module is imported.
"""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache


class _Compiled(LRUCache[Any, Any]):
    """Of a key, which begins with the engine's own dialect, what kind of dialect it is must do."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), value)


_compiled = _Compiled(2000)


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)
