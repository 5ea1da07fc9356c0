"""The Model Context Protocol: collections searched and read by the assistants that people bring themselves.

`catalog` says what there may be to call; `tools`, `asking`, `documents` and `prompts` are what there is. `server` and `changes`
answer the protocol's messages, `client` asks the client back, `watching` finds what has changed for whom. `sessions` keeps the
clients that shook hands, and `endpoint` is where HTTP meets it all. Only `endpoint` is imported before somebody asks: the
protocol's library is heavy.
"""
