"""Settings: where values come from, and what a wrong one says."""

from pathlib import Path

import pytest

from stoa.errors import SettingsError
from stoa.settings import Settings, effective, fields, load


def test_defaults_need_no_file_and_no_variable() -> None:
    assert load(environ={}).settings == Settings()


def test_environment_wins_over_file_and_command_line_over_both(tmp_path: Path) -> None:
    file = tmp_path / "stoa.yaml"
    file.write_text("port: 1\ngateway:\n  body_bytes: 10\n  drain_s: 3\n")
    loaded = load(file=file, environ={"STOA_PORT": "2", "STOA_GATEWAY__BODY_BYTES": "20"}, overrides={"port": 3})
    assert (loaded.settings.port, loaded.settings.gateway.body_bytes, loaded.settings.gateway.drain_s) == (3, 20, 3.0)
    assert loaded.origin["port"] == "command line"
    assert loaded.origin["gateway.body_bytes"] == "STOA_GATEWAY__BODY_BYTES"
    assert loaded.origin["gateway.drain_s"] == str(file)
    assert loaded.origin["home"] == "default"


@pytest.mark.parametrize(
    ("content", "named", "meant"),
    [
        ("prot: 1", "'prot'", "'port'"),
        ("gateway:\n  body_byte: 1", "'gateway.body_byte'", "'gateway.body_bytes'"),
        ("gatway:\n  body_bytes: 1", "'gatway'", "'gateway'"),
    ],
)
def test_unknown_field_in_the_file_suggests_the_nearest(tmp_path: Path, content: str, named: str, meant: str) -> None:
    file = tmp_path / "stoa.yaml"
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        load(file=file, environ={})
    assert named in caught.value.message
    assert f"Did you mean {meant}" in caught.value.message


def test_unknown_variable_suggests_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"STOA_PROT.*STOA_PORT"):
        load(environ={"STOA_PROT": "1"})


def test_wrong_type_names_field_source_and_value() -> None:
    with pytest.raises(SettingsError, match=r"'port' from STOA_PORT: expected `int`, got `str`, but found 'many'"):
        load(environ={"STOA_PORT": "many"})


def test_out_of_range_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"'gateway.drain_s'"):
        load(environ={"STOA_GATEWAY__DRAIN_S": "0"})


def test_unreadable_or_broken_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(file=tmp_path / "absent.yaml", environ={})
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    with pytest.raises(SettingsError, match="not valid YAML"):
        load(file=broken, environ={})
    broken.write_text("- a list")
    with pytest.raises(SettingsError, match="fields and values"):
        load(file=broken, environ={})


def test_a_database_password_is_never_shown() -> None:
    loaded = load(environ={"STOA_DATABASE__URL": "postgresql://me:hunter2@db/stoa"})
    assert "hunter2" not in str(effective(loaded.settings))
    with pytest.raises(SettingsError) as caught:
        load(environ={"STOA_DATABASE__URL": "postgresql://me:hunter2@db/stoa", "STOA_DATABASE__POOL_SIZE": "0"})
    assert "hunter2" not in caught.value.message


def test_every_setting_has_an_origin_and_a_value() -> None:
    loaded = load(environ={})
    assert set(loaded.origin) == set(fields()) == set(effective(loaded.settings))


def test_a_list_is_separated_by_commas_in_the_environment() -> None:
    found = load(environ={"STOA_GATEWAY__TRUSTED_PROXIES": "10.0.0.0/8, ::1"}).settings.gateway.trusted_proxies
    assert found == ("10.0.0.0/8", "::1")
    assert load(environ={"STOA_GATEWAY__EGRESS_ALLOW": ""}).settings.gateway.egress_allow == ()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TLS_KEY": "key.pem"}, "need gateway.tls_certificate"),
        ({"TLS_CLIENT_CA": "ca.pem"}, "need gateway.tls_certificate"),
        ({"PROXY_PROTOCOL": "true"}, "needs gateway.trusted_proxies"),
        ({"TRUSTED_PROXIES": "proxy.internal"}, "'proxy.internal' is not an address or a network"),
        ({"EGRESS_ALLOW": "api.openai.com,https://x"}, "'https://x' is not a host such as"),
        ({"WORKERS": "0"}, "'gateway.workers'"),
        ({"REPLICAS": "3"}, "gateway.replicas is 3, but redis.url is not set"),
        ({"CONTROL": "10.0.0.5:8421"}, "'gateway.control': expected a base URL"),
    ],
)
def test_settings_of_the_edge_that_do_not_fit_together_are_named(variables: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(environ={f"STOA_GATEWAY__{name}": value for name, value in variables.items()})


def test_with_a_certificate_the_entry_is_https() -> None:
    assert load(environ={"STOA_GATEWAY__TLS_CERTIFICATE": "a.pem"}).settings.url == "https://127.0.0.1:8420"


def test_headers_for_a_collector_are_read_and_never_shown() -> None:
    loaded = load(environ={"STOA_TELEMETRY__OTLP_HEADERS": "api-key=hunter2, x-team = a"})
    assert loaded.settings.telemetry.headers == {"api-key": "hunter2", "x-team": "a"}
    assert "hunter2" not in str(effective(loaded.settings))
    for wrong in ("hunter2", "a=b, hunter2", "na me=hunter2", "=hunter2"):
        with pytest.raises(SettingsError, match="must be name=value") as caught:
            load(environ={"STOA_TELEMETRY__OTLP_HEADERS": wrong})
        assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [("collector:4318", "expected a base URL"), ("ftp://a", "expected a base URL"), ("http://me:hunter2@a", "no user and no")],
)
def test_an_endpoint_that_is_no_base_url_is_refused(endpoint: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        load(environ={"STOA_TELEMETRY__OTLP_ENDPOINT": endpoint})
    assert "hunter2" not in caught.value.message


def test_a_share_is_between_none_and_all() -> None:
    with pytest.raises(SettingsError, match=r"telemetry\.sample_ratio"):
        load(environ={"STOA_TELEMETRY__SAMPLE_RATIO": "1.5"})


@pytest.mark.parametrize("url", ["redis://h", "redis://me:hunter2@h:6380/3", "rediss://h:6380", "unix:///run/redis.socket"])
def test_the_address_of_redis_is_never_shown(url: str) -> None:
    loaded = load(environ={"STOA_REDIS__URL": url})
    assert loaded.settings.redis.url == url
    assert url not in str(effective(loaded.settings))


@pytest.mark.parametrize(
    "url", ["me:hunter2@h", "http://hunter2", "redis://", "redis://h:hunter2", "redis://h/hunter2", "unix://"]
)
def test_what_is_no_address_of_redis_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError, match=r"'redis.url' must be redis://") as caught:
        load(environ={"STOA_REDIS__URL": url})
    assert "hunter2" not in caught.value.message


def test_nobody_waits_for_redis_longer_than_a_twentieth_of_a_second() -> None:
    with pytest.raises(SettingsError, match=r"redis\.timeout_s"):
        load(environ={"STOA_REDIS__TIMEOUT_S": "0.06"})


def test_several_gateways_need_one_redis() -> None:
    loaded = load(environ={"STOA_GATEWAY__REPLICAS": "3", "STOA_REDIS__URL": "redis://h"})
    assert loaded.settings.gateway.replicas == 3
