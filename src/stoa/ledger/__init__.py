"""Facts, append-only: usage, cost, spend, feedback. Rows are inserted, never updated; sums are derived."""
