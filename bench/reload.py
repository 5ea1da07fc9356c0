"""How long until every gateway worker follows a change: a key made and revoked, a model made, moved and deleted.

`make bench-reload`: a whole Stoa with two workers, each asked on its own address without a pause until it answers by the new
state. The clock starts when the change is sent, so the time that control takes to store it is in the figure.
"""

import argparse
import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from report import Row, report
from running import Running, running

WORKERS = 2
PROMISED_S = 2.0
_PATIENCE_S = 30.0

Change = tuple[str, Callable[[], object], Callable[["Worker"], bool]]
"""What it is called, how it is made, and how a worker shows that it follows."""


class Worker:
    """One worker on its own address, over one kept connection."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)

    def models(self, key: str) -> set[str] | None:
        """The names that a key may use; None when it is refused."""
        self._connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {key}"})
        answer = self._connection.getresponse()
        body = answer.read()
        return {model["id"] for model in json.loads(body)["data"]} if answer.status == 200 else None


class Control:
    """Its API, through the first worker."""

    def __init__(self, stoa: Running, url: str) -> None:
        self._place = urlsplit(url)
        self._key = (stoa.home / "secrets" / "cli.key").read_text().strip()

    def ask(self, method: str, path: str, body: object = None) -> dict[str, str]:
        connection = http.client.HTTPConnection(self._place.hostname or "", self._place.port, timeout=30)
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else {}

    def apply(self, *resources: dict[str, object]) -> None:
        self.ask("POST", "/api/resources/apply", {"resources": resources})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="each makes five changes")
    rounds = parser.parse_args().rounds
    with running(options=["--workers", str(WORKERS)]) as stoa:
        roles = json.loads((stoa.home / "run" / "roles.json").read_text())
        urls = [roles["gateway"]["url"], *(each["url"] for each in roles["gateways"].values())]
        workers, control = [Worker(url) for url in urls], Control(stoa, urls[0])
        watcher = stoa.key("watcher")
        _until(workers, lambda worker: worker.models(watcher) is not None)
        control.apply({"kind": "Provider", "name": "p", "base_url": "http://127.0.0.1:9/v1"})
        took: dict[str, list[float]] = {}
        for number in range(rounds):
            for what, make, met in _changes(control, watcher, number):
                began = time.perf_counter()
                make()
                _until(workers, met)
                took.setdefault(what, []).append(time.perf_counter() - began)
                time.sleep(0.037 * (number % 7))  # so that changes do not fall in step with control's look
    every = [seconds for each in took.values() for seconds in each]
    report(
        "reload",
        [*(_row(what, each) for what, each in took.items()), _row("all", every)],
        notes=[
            f"{len(every)} changes, {WORKERS} gateway workers; seconds from sending the change until both follow",
            f"promised: {PROMISED_S:g} s",
        ],
    )


def _changes(control: Control, watcher: str, number: int) -> Iterator[Change]:
    made: list[str] = []
    model, route = f"m{number}", f"r{number}"
    key = {"name": f"k{number}", "requests_per_minute": 0}
    yield "key made", lambda: made.append(control.ask("POST", "/api/keys", key)["key"]), lambda w: w.models(made[0]) is not None
    yield (
        "model made",
        lambda: control.apply({"kind": "Model", "name": model, "provider": "p"}),
        lambda worker: model in (worker.models(watcher) or ()),
    )
    yield (
        "route made",
        lambda: control.apply({"kind": "Route", "name": route, "targets": [{"model": model}]}),
        lambda worker: route in (worker.models(watcher) or ()),
    )
    yield (
        "route deleted",
        lambda: control.ask("DELETE", f"/api/resources/Route/{route}"),
        lambda worker: route not in (worker.models(watcher) or ()),
    )
    yield "key revoked", lambda: control.ask("DELETE", f"/api/keys/k{number}"), lambda worker: worker.models(made[0]) is None


def _until(workers: list[Worker], met: Callable[[Worker], bool]) -> None:
    until = time.perf_counter() + _PATIENCE_S
    for worker in workers:
        while not met(worker):
            if time.perf_counter() > until:
                raise RuntimeError(f"a worker did not follow within {_PATIENCE_S:g} s")
            time.sleep(0.002)


def _row(what: str, seconds: list[float]) -> Row:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else seconds * 19
    return {
        "change": what,
        "number": len(seconds),
        "p50_s": round(statistics.median(seconds), 3),
        "p95_s": round(cuts[18], 3),
        "max_s": round(max(seconds), 3),
        "over_2_s": sum(each > PROMISED_S for each in seconds),
    }


if __name__ == "__main__":
    main()
