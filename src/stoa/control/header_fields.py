"""What may stand in a header that a resource sets."""

import re

MASK = "********"
"""Stands for a secret where it is shown."""
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
