"""Sockets that the supervisor binds."""

import re
import socket
import sys

import pytest

from stoa.adapters.processes.listening import listen, listen_together, url_of
from stoa.errors import Busy, SettingsError


def test_port_zero_takes_a_free_port_and_the_url_tells_which() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_every_address_of_the_machine_is_reached_over_loopback() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_busy_port_is_refused_with_another_one_to_try() -> None:
    with listen("127.0.0.1", 0) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(Busy, match=f"Port {port} .* is in use") as refused:
            listen("127.0.0.1", port)
    assert f"--port {port + 1}" in refused.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a port")
def test_a_busy_port_is_refused_naming_the_process_that_holds_it() -> None:
    with listen("127.0.0.1", 0) as holder, pytest.raises(Busy, match=r"in use by process \d+ \(.+\)"):
        listen("127.0.0.1", holder.getsockname()[1])


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_an_address_that_is_not_of_this_machine_is_a_setting_to_correct(host: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(host)):
        listen(host, 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere one socket is shared")
def test_several_sockets_share_a_port_and_each_gets_connections() -> None:
    together = listen_together("127.0.0.1", 0, number=3)
    port = together[0].getsockname()[1]
    assert {each.getsockname()[1] for each in together} == {port}
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    for each in together:
        each.settimeout(5)
        each.accept()[0].close()
    for each in (*clients, *together):
        each.close()


def test_a_port_that_others_share_is_in_use_all_the_same() -> None:
    together = listen_together("127.0.0.1", 0, number=2)
    with pytest.raises(Busy):
        listen_together("127.0.0.1", together[0].getsockname()[1], number=2)
    for each in together:
        each.close()


def test_the_url_of_an_entry_with_a_certificate_is_https() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert url_of(listener, scheme="https") == f"https://127.0.0.1:{listener.getsockname()[1]}"
