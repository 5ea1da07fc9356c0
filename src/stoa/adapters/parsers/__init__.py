"""Reading documents: one file a family of formats, run in a child process that can be killed.

`read` is the table of formats; `process` is the port that the worker uses; `direct` the same without a process.
"""
