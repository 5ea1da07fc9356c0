"""The load of the gateway benchmark: one small chat request from 32 connections, and a canned upstream.

With Debian's nginx and wrk, as outside measurements are made; without them an upstream and a load generator in Python, which
need more of their core, so that rates then say less and CPU per request is what counts.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from running import family, free_port

CONNECTIONS = 32
_LONGEST_S = 3600
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "mock",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {
                "role": "assistant",
                "refusal": None,
                "content": "DevOps is a set of practices that combines software development and IT operations.",
            },
        }
    ],
    "usage": {"prompt_tokens": 15, "completion_tokens": 25, "total_tokens": 40},
}
WORDS = ANSWER["choices"][0]["message"]["content"].split()  # type: ignore[index]
LUA = """
wrk.method = "POST"
wrk.body = '%(body)s'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %(key)s"
%(more)s
"""
FRESH = "@N@"
"""In a request: a number that no request before it had, where wrk makes the load."""
_FRESH_LUA = """
local before, after = wrk.body:match("^(.-)@N@(.*)$")
local number = os.time() * 1000
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, before .. string.format("%d", number) .. after)
end
"""


@dataclass(frozen=True)
class Measured:
    """One run: latencies in milliseconds, CPU in microseconds a request by process id asked for."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: dict[int, float]
    bad: int
    settled_s: float
    """How long after the load its bookkeeping took; the CPU of whole trees includes it."""


def has_tools() -> bool:
    return _nginx() is not None and shutil.which("wrk") is not None


def body(model: str, *, stream: bool = False, temperature: float = 0.7, question: str = "What is DevOps?") -> str:
    """The request, as the outside benchmark sends it."""
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": question},
    ]
    fields = {"model": model, "messages": messages, "max_tokens": 64, "temperature": temperature}
    return json.dumps(fields | ({"stream": True} if stream else {}), separators=(",", ":"))


def events() -> str:
    """The canned stream: a chunk a word, as models send them, with the usage at the end."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "mock"}

    def chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, object]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    chunks = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": f"{word} "}) for word in WORDS)]
    chunks += [chunk({}, "stop"), {**head, "choices": [], "usage": ANSWER["usage"]}]
    return "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + "data: [DONE]\n\n"


@contextlib.contextmanager
def upstream(core: str) -> Iterator[str]:
    """A provider at the URL that is yielded, `/v1` whole and `/stream` as events, on a core of its own."""
    port = free_port()
    if has_tools():
        servers = (
            f"server {{ listen 127.0.0.1:{port};"
            f" location /v1/ {{ default_type application/json; return 200 '{json.dumps(ANSWER)}'; }}"
            f" location /stream/ {{ default_type text/event-stream; return 200 '{events()}'; }} }}"
        )
        with nginx("upstream", servers, core):
            yield f"http://127.0.0.1:{port}"
        return
    with process([sys.executable, str(Path(__file__).with_name("plain_upstream.py")), str(port)], core):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def nginx(name: str, servers: str, core: str) -> Iterator[int]:
    """An nginx with one worker on a core; yields its process id."""
    with tempfile.TemporaryDirectory(prefix="stoa-nginx-") as folder:
        Path(folder).chmod(0o755)
        temp = "".join(f"{k}_temp_path {folder}/{k};" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = Path(folder) / "nginx.conf"
        conf.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/{name}.err;"
            f" events {{ worker_connections 4096; }} http {{ access_log off; keepalive_requests 100000000; {temp} {servers} }}"
        )
        with process([str(_nginx()), "-c", str(conf)], core) as pid:
            yield pid


def measure(
    url: str,
    request: str,
    *,
    key: str,
    core: str,
    seconds: int,
    pids: dict[int, bool],
    settled: Callable[[], None] = lambda: None,
    headers: Mapping[str, str] | None = None,
) -> Measured:
    """Load a gateway after two seconds of warming up. `pids` whose CPU is wanted; True takes the whole tree.

    `settled` returns when nothing that the load left behind is still to be done.
    """
    run = partial(_wrk, headers=headers or {}) if has_tools() else _plain
    run(url, request, key, core, 2)
    settled()
    before = {pid: cpu_s(pid, tree) for pid, tree in pids.items()}
    count, rate, p50, p99, bad = run(url, request, key, core, seconds)
    ended = time.monotonic()
    settled()
    settled_s = time.monotonic() - ended
    used = {pid: (cpu_s(pid, tree) - before[pid]) * 1e6 / max(count, 1) for pid, tree in pids.items()}
    return Measured(rate, p50, p99, used, bad, settled_s)


def steady(
    url: str, request: str, *, key: str, core: str, seconds: int, rate: int, port: int, headers: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Latencies in milliseconds at so many requests a second: `p50_ms`, `p99_ms`, `p999_ms`; `bad` answers were no 200.

    The provider behind the URL is on the port, for as long as this takes.
    """
    script = str(Path(__file__).with_name("steady_load.py"))
    command = [sys.executable, script, url, key, str(port), str(rate), str(seconds), json.dumps(dict(headers or {}))]
    done = subprocess.run(["taskset", "-c", core, *command], input=request, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _wrk(
    url: str, request: str, key: str, core: str, seconds: int, *, headers: Mapping[str, str]
) -> tuple[int, float, float, float, int]:
    more = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % {"body": request, "key": key, "more": more} + (_FRESH_LUA if FRESH in request else ""))
        script.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            "--latency",
            "-s",
            script.name,
            f"-d{seconds}s",
            f"{url}/v1/chat/completions",
        ]
        out = subprocess.run(["taskset", "-c", core, *command], capture_output=True, text=True, check=True).stdout
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    quantiles = {q: float(value) * unit[u] for q, value, u in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", out)}
    found = {name: re.search(pattern, out) for name, pattern in _WRK.items()}
    count, rate = found["count"], found["rate"]
    assert count is not None and rate is not None, out
    bad = sum(int(number) for name in ("bad", "errors") if (m := found[name]) for number in m.groups())
    return int(count[1]), float(rate[1]), quantiles["50"], quantiles["99"], bad


_WRK = {
    "count": r"(\d+) requests in",
    "rate": r"Requests/sec:\s+([\d.]+)",
    "bad": r"Non-2xx or 3xx responses: (\d+)",
    "errors": r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)",
}


def _plain(
    url: str, request: str, key: str, core: str, seconds: int, most: int | None = None, *, leave: bool = False
) -> tuple[int, float, float, float, int]:
    command = [sys.executable, str(Path(__file__).with_name("plain_load.py")), url, key, str(CONNECTIONS), str(seconds)]
    command += [str(most)] if most is not None else []
    command += ["leave"] if leave else []
    out = subprocess.run(["taskset", "-c", core, *command], input=request, capture_output=True, text=True, check=True).stdout
    count, rate, p50, p99, bad = json.loads(out)
    return count, rate, p50, p99, bad


def send(url: str, request: str, *, key: str, core: str, count: int, leave: bool = False) -> int:
    """So many requests from fresh connections; returns how many were answered, whatever the answer.

    With `leave` each is cut by its client, half of them before the answer, half at its first byte.
    """
    return _plain(url, request, key, core, _LONGEST_S, count, leave=leave)[0]


@contextlib.contextmanager
def process(command: list[str], core: str) -> Iterator[int]:
    process = subprocess.Popen(["taskset", "-c", core, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        assert process.poll() is None, f"{command[0]} did not start"
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _nginx() -> str | None:
    return shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)


def cpu_s(pid: int, tree: bool) -> float:
    ticks = 0
    for each in family(pid) if tree else [pid]:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
