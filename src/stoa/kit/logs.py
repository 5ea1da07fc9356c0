"""Logs: one JSON object a line, on stderr. What is logged never holds the content of a request, nor a secret."""

import json
import logging
import sys
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Time, level, role, logger and message; a request's id, further `fields` and a traceback where the record has them."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (request_id := getattr(record, "request_id", None)) is not None:
            fields["request_id"] = request_id
        fields |= getattr(record, "fields", {})
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def configure_logging(role: str, level: str) -> None:
    """Send everything of this process to stderr. Libraries are heard from `warning` on, Stoa from `level` on.

    Which requests are told of has a setting of its own, so the level does not hide them.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(role))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("stoa").setLevel(level.upper())
    logging.getLogger("stoa.access").setLevel(logging.INFO)
