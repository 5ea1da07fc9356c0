"""The files of the entry's certificate."""

from pathlib import Path

import pytest
from tests.certificates import Authority

from stoa.api.wire.certificate import server_contexts
from stoa.errors import SettingsError


@pytest.mark.parametrize("wrong", ["absent", "another's key", "a password", "no PEM"])
def test_files_that_are_no_certificate_and_key_are_a_settings_error(tmp_path: Path, wrong: str) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("localhost")
    match wrong:
        case "absent":
            key.unlink()
        case "another's key":
            key = authority.issue("other")[1]
        case "a password":
            certificate, key = authority.issue("locked", password=b"secret")
        case _:
            certificate.write_text("hello")
    with pytest.raises(SettingsError) as caught:
        server_contexts(str(certificate), str(key), None)
    assert str(key) in caught.value.message
    assert caught.value.param in ("gateway.tls_key", "gateway.tls_certificate")
