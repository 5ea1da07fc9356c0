"""Stoa: a self-hosted LLM platform in one package.

The command line is the way in (`stoa --help`); this module only says which version it is.
"""

__version__ = "0.1.0"
