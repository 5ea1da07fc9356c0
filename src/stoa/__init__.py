"""Stoa: a self-hosted LLM platform in one package.

The command line is the way in (`stoa --help`); this module only says which version it is, and lets the hot path run as machine
code where that was made.
"""

from pathlib import Path

from stoa.kit import compiled

__version__ = "0.1.0"

HOT_PATH = compiled.use(Path(__file__).parent)
"""Whether the hot path runs compiled, and if not, why."""
