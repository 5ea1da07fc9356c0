"""The engine role: stoa-embed and stoa-reader as an OpenAI-compatible server. Knows no users and no keys."""

from stoa.api.engine.role import run

__all__ = ["run"]
