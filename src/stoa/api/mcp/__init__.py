"""The Model Context Protocol: collections searched and read by the assistants that people bring themselves.

`catalog` says what there may be to call, `tools`, `documents` and `prompts` what there is, `server` answers the protocol's
messages, and `endpoint` is where HTTP meets it. Only `endpoint` is imported before somebody asks: the protocol's library is
heavy.
"""
