"""The canned upstream without nginx: `python plain_upstream.py PORT`."""

import asyncio
import json
import socket
import sys

import uvloop

from load import ANSWER, events
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import serve

WHOLE = Response(200, json.dumps(ANSWER).encode(), {"content-type": "application/json"})
STREAM = Response(200, events().encode(), {"content-type": "text/event-stream"})


async def answer(request: Request) -> Response:
    await asyncio.sleep(0)
    return STREAM if request.path.startswith("/stream/") else WHOLE


if __name__ == "__main__":
    uvloop.run(serve(answer, sockets=[socket.create_server(("127.0.0.1", int(sys.argv[1])))]))
