"""Frozen types and ports that two or more features share. No I/O, no driver, no framework."""
