"""`stoa version`."""

from stoa import __version__
from stoa.cli import output
from stoa.cli.panels import OPERATION
from stoa.cli.root import root
from stoa.cli.verbs import verb


@verb(root, "version", action="version:read", panel=OPERATION)
def version() -> None:
    """Print the version."""
    output.result(__version__)
