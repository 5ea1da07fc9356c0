"""A gateway that runs alone: it takes its snapshots from a control elsewhere, sends its usage there, and counts in Redis."""

import msgspec

from stoa.cli.hot_path import compiled_hot_path
from stoa.errors import OperatorError
from stoa.kit.home import Home
from stoa.settings import Settings


def run_replica(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises OperatorError for what keeps it from being one of several."""
    gateway, home = settings.gateway, settings.home_folder
    if gateway.control is None:
        raise OperatorError(
            "`stoa gateway` runs a further gateway of a Stoa that runs elsewhere, and needs to know where its control listens: "
            "stoa gateway --control http://host:port. To start everything here, use: stoa up"
        )
    if settings.redis.url is None:
        raise OperatorError(
            "A further gateway must count limits and budgets together with the others, or each would let all of them through. "
            "Set redis.url here and there to the same Redis. On one machine, `stoa up --workers 2` needs none."
        )
    if gateway.workers > 1:
        raise OperatorError(
            f"`stoa gateway` is one process, but gateway.workers is {gateway.workers}. For each further core start another "
            "one, with a home and a port of its own."
        )
    _check_home(home)
    from stoa.adapters.processes.homelock import hold
    from stoa.adapters.processes.listening import listen
    from stoa.kit.memory import few_arenas

    home.prepare()
    with hold(home):
        listener = listen(settings.host, settings.port)
        settings = msgspec.structs.replace(settings, port=listener.getsockname()[1])
        few_arenas()
        hot_path = compiled_hot_path(settings)
        from stoa.api.gateway import run

        run(settings, listener, hot_path)


def _check_home(home: Home) -> None:
    key = home.secrets / "master.key"
    if not key.exists():
        raise OperatorError(
            f"{str(key)!r} is not there. A further gateway opens what control has sealed: copy secrets/master.key out of the "
            "home of the Stoa it belongs to, of mode 0600. Everything else in this home is its own."
        )
