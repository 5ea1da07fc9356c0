"""HTTP/1.1 on httptools and uvloop: the server protocol of the gateway and of the engine."""
