"""The HTTP edge. `wire/` is the hot path's own server; the other files are one noun of `/api` each."""
