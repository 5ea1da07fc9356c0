"""Where a request goes: which target of a route is asked first, which next, which not at all, and when.

Decisions are plain functions of what is known; time and randomness are handed in. Nothing here sends anything, and nothing is
shared with other processes: each gateway learns about its targets from its own requests.
"""
