"""A role for the supervisor's tests: answers /readyz on the inherited socket and does as its second argument says."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import time

from stoa.adapters.processes.parent import die_with_parent

descriptor, behaviour, parent = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
die_with_parent(parent)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        waiting = behaviour == "never ready"
        self.send_response(503 if waiting else 200)
        self.end_headers()
        self.wfile.write(b'{"reasons": ["it waits for a key"]}' if waiting else b"{}")

    def log_message(self, *args: object) -> None:
        pass


def end(_number: int, _frame: object) -> None:
    if behaviour == "stubborn":
        return
    print("drained", file=sys.stderr, flush=True)
    os._exit(0)


signal.signal(signal.SIGTERM, end)
print(f"started {os.getpid()}", file=sys.stderr, flush=True)
if behaviour == "broken":
    sys.exit("the engine has no weights")
if behaviour == "with a child":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"child {child.pid}", file=sys.stderr, flush=True)
server = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=descriptor)
while True:
    server.handle_request()
    time.sleep(0)
