import json

import msgspec
import pytest

from stoa.control.sealing import MASK, mask, seal
from stoa.domain.desired import Sealer
from stoa.domain.resources import Provider, Resource, Source
from stoa.domain.sources import Git
from stoa.errors import InvalidRequest

ENTRA = {"tenant_id": "t", "client_id": "c", "client_secret": "hush"}
AZURE = Provider(name="a", type="azure", base_url="https://a.azure.com", credentials=ENTRA)


class Reversed(Sealer):
    """A fake that shows what is sealed by writing it backwards."""

    def seal(self, text: str) -> str:
        return f"sealed:{text[::-1]}"

    def open(self, sealed: str) -> str:
        return sealed.removeprefix("sealed:")[::-1]


def sealed(resource: Resource, before: Resource | None = None) -> Provider:
    found = seal(resource, before=before, sealer=Reversed())
    assert isinstance(found, Provider)
    return found


def test_credentials_are_kept_sealed_and_shown_masked() -> None:
    kept = sealed(AZURE)
    assert kept.credentials["client_secret"] == "sealed:hsuh"
    shown = mask(kept)
    assert isinstance(shown, Provider)
    assert set(shown.credentials.values()) == {MASK}
    assert sealed(shown, kept) == kept


def test_stored_secrets_do_not_follow_to_another_token_server() -> None:
    kept = sealed(msgspec.structs.replace(AZURE, credentials=ENTRA | {"token_url": "https://one/token"}))
    masked = dict.fromkeys(ENTRA, MASK)
    elsewhere = msgspec.structs.replace(AZURE, credentials=masked | {"token_url": "https://two/token"})
    with pytest.raises(InvalidRequest, match=r"credentials.token_url.*do not follow"):
        sealed(elsewhere, kept)
    with pytest.raises(InvalidRequest, match="do not follow"):
        sealed(elsewhere, sealed(AZURE))
    same = msgspec.structs.replace(AZURE, credentials=masked | {"token_url": "https://one/token"})
    assert sealed(same, kept) == kept
    whole = msgspec.structs.replace(AZURE, credentials=ENTRA | {"token_url": "https://two/token"})
    assert sealed(whole, kept).credentials["token_url"] == "sealed:nekot/owt//:sptth"


def test_a_service_account_is_looked_at_before_it_is_sealed() -> None:
    account = json.dumps({"client_email": "a", "private_key": "b", "token_uri": "c"})
    vertex = Provider(name="v", type="vertex", region="eu", project="p", credentials={"service_account": account})
    assert sealed(vertex).credentials["service_account"].startswith("sealed:")
    with pytest.raises(InvalidRequest, match=r"credentials.service_account"):
        sealed(msgspec.structs.replace(vertex, credentials={"service_account": "hush"}))
    with pytest.raises(InvalidRequest, match="was not filled in"):
        sealed(msgspec.structs.replace(vertex, credentials={"service_account": "${env:X}"}))


GIT = Source(name="g", collection="c", origin=Git(url="https://host/wiki.git"), credentials={"password": "hush"})


def kept_source(resource: Source, before: Source | None = None) -> Source:
    found = seal(resource, before=before, sealer=Reversed())
    assert isinstance(found, Source)
    return found


def test_credentials_of_a_source_are_sealed_shown_masked_and_kept_for_the_same_place_alone() -> None:
    kept = kept_source(GIT)
    assert kept.credentials == {"password": "sealed:hsuh"}
    shown = mask(kept)
    assert isinstance(shown, Source)
    assert shown.credentials == {"password": MASK}
    paused = msgspec.structs.replace(shown, paused=True)
    assert kept_source(paused, kept).credentials == kept.credentials
    elsewhere = msgspec.structs.replace(shown, origin=Git(url="https://other/wiki.git"))
    with pytest.raises(InvalidRequest, match="does not follow to another place"):
        kept_source(elsewhere, kept)
    with pytest.raises(InvalidRequest, match="there is none"):
        kept_source(shown)
    with pytest.raises(InvalidRequest, match="stoa apply"):
        kept_source(msgspec.structs.replace(GIT, credentials={"password": "${env:X}"}))
