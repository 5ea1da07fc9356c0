"""`python -m stoa` is the same as `stoa`."""

from stoa.cli.app import main

main()
