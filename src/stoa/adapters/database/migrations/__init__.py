"""The way from an empty database to `tables.py`, one revision a file in `versions/`.

Change `tables.py` and write a revision like the last one, with `op.batch_alter_table` for the sake of SQLite; `migrate`
and the tests compare where the revisions end with `tables.py`. A revision that was released is never edited.
"""
