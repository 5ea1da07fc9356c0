"""The way from an empty database to `tables.py`, one revision a file in `versions/`.

A revision is drawn up by comparing: change `tables.py`, then run `make migration name="what changes"`, read what it wrote,
and add it. Revisions that have been released are never edited.
"""
