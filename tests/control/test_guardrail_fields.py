"""A guardrail that contradicts itself, or cannot work as declared, is refused with the field and the reason."""

from typing import Any

import msgspec
import pytest

from stoa.control.reading import read_resource
from stoa.control.references import References
from stoa.control.sealing import MASK, mask, seal
from stoa.domain.desired import Sealer
from stoa.domain.guardrails import HttpGuard
from stoa.domain.resources import Assistant, Guardrail, Model, Provider
from stoa.errors import InvalidRequest

PROVIDER = Provider(name="one", base_url="http://one/v1")
MODELS = [Model(name="large", provider="one"), Model(name="vectors", provider="one", operation="embedding")]
HELPER = Assistant(name="helper", route="large")


class Reversed(Sealer):
    """A fake that shows what is sealed by writing it backwards."""

    def seal(self, text: str) -> str:
        return f"sealed:{text[::-1]}"

    def open(self, sealed: str) -> str:
        return sealed.removeprefix("sealed:")[::-1]


def check(*guards: dict[str, Any], **where: Any) -> None:
    fields = {"kind": "Guardrail", "name": "g", "guards": list(guards), **(where or {"default": True})}
    guardrail = read_resource(fields, place="resources[0]")
    References([PROVIDER, *MODELS, HELPER, guardrail], teams=("lab",)).check(guardrail)


WORDS = {"type": "words", "deny": ["dragon"]}
TOPIC = [{"name": "t", "examples": ["a sentence"]}]

GOOD: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "all of one's own": ([WORDS, {"type": "secrets"}, {"type": "personal"}], {}),
    "where it holds": ([WORDS], {"routes": ["large"], "assistants": ["helper"], "teams": ["lab"]}),
    "a schema": ([{"type": "schema", "schema": {"type": "object"}}], {}),
    "a schema without streams": ([{"type": "schema", "schema": {}, "stream": "refuse"}], {}),
    "topics": ([{"type": "topics", "deny": TOPIC, "embedding_model": "vectors"}], {}),
    "placeholders": ([{"type": "personal", "action": "tokenise", "kinds": ["EMAIL_ADDRESS"]}], {}),
    "shape": ([{"type": "shape", "scripts": ["latin"], "repeated": 50}], {}),
    "sizes": ([{"type": "size", "messages": 5}], {}),
    "a service": ([{"type": "http", "url": "https://guard.example.com/v1"}], {}),
    "injection": ([{"type": "injection", "threshold": 0.7, "sources": ["tools"]}], {}),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_makes_sense_is_taken(name: str) -> None:
    guards, where = GOOD[name]
    check(*guards, **where)


def one(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


BAD: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "nothing": (WORDS, {"default": False}, "default", "holds for nothing"),
    "everything and more": (WORDS, {"default": True, "teams": ["lab"]}, "default", "holds for everything already"),
    "an unknown route": (WORDS, {"routes": ["larg"]}, "routes", "Did you mean 'large'?"),
    "an unknown assistant": (WORDS, {"assistants": ["x"]}, "assistants", "there is no 'x'"),
    "an unknown team": (WORDS, {"teams": ["x"]}, "teams", "there is no 'x'"),
    "an unknown type": (one("wrds"), {}, "", "wrds"),
    "an unknown field": (one("words", denny=["x"]), {}, "guards[0].denny", "Did you mean 'deny'?"),
    "a schema on pieces": (one("schema", schema={}, stream="window"), {}, "guards[0].stream", "cannot judge pieces"),
    "a schema of the input": (one("schema", schema={}, on=["input"]), {}, "guards[0].on", "judges answers"),
    "a schema that is none": (one("schema", schema={"type": "thing"}), {}, "guards[0].schema/type", "thing"),
    "a masked schema": (one("schema", schema={}, action="mask"), {}, "guards[0].action", "say 'refuse' or 'warn'"),
    "a service on pieces": (one("http", url="http://g", stream="window"), {}, "guards[0].stream", "cannot judge pieces"),
    "a service's action": (one("http", url="http://g", action="mask"), {}, "guards[0].action", "by its reply"),
    "topics of nothing": (one("topics"), {}, "guards[0].allow", "no topic is given"),
    "topics without a model": (one("topics", deny=TOPIC), {}, "guards[0].embedding_model", "there is no 'stoa-embed'"),
    "topics by a chat model": (one("topics", deny=TOPIC, embedding_model="large"), {}, "guards[0].embedding_model", "for chat"),
    "topics on pieces": (
        one("topics", deny=TOPIC, on=["output"], stream="window"),
        {},
        "guards[0].stream",
        "cannot judge pieces",
    ),
    "no limit": (one("size"), {}, "guards[0].characters", "no limit is set"),
    "sizes of answers": (one("size", messages=1, on=["output"]), {}, "guards[0].on", "what goes to a model"),
    "injection in answers": (one("injection", on=["output"]), {}, "guards[0].on", "what goes to a model"),
    "a masked injection": (one("injection", action="mask"), {}, "guards[0].action", "no words to put others"),
    "no words": (one("words"), {}, "guards[0].deny", "no words are given"),
    "a language nobody wrote down": (one("words", languages=["tlh"]), {}, "guards[0].languages", "no list for 'tlh'"),
    "a broken pattern": (one("words", patterns=["("]), {}, "guards[0].patterns[0]", "("),
    "an unknown kind": (one("personal", kinds=["EMAIL"]), {}, "guards[0].kinds", "'EMAIL' is not a kind"),
    "presidio on pieces": (one("personal", engine="presidio"), {}, "guards[0].stream", "presidio cannot judge pieces"),
    "placeholders in answers": (one("personal", action="tokenise", on=["output"]), {}, "guards[0].action", "say 'mask'"),
    "a stage twice": (one("secrets", on=["input", "input"]), {}, "guards[0].on", "named twice"),
    "scripts on pieces": (one("shape", scripts=["latin"], on=["output"]), {}, "guards[0].stream", "cannot be told of pieces"),
    "an unknown script": (one("shape", scripts=["klingon"]), {}, "guards[0].scripts", "'klingon' is not known"),
    "nothing to look for": (one("shape", invisible=False), {}, "guards[0].invisible", "nothing is looked for"),
    "a masked script": (one("shape", scripts=["latin"], action="mask"), {}, "guards[0].action", "only invisible characters"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_is_refused_by_its_field(name: str) -> None:
    guard, where, param, why = BAD[name]
    with pytest.raises(InvalidRequest) as refused:
        check(guard, **where)
    assert why in refused.value.message
    assert (refused.value.param or "").endswith(param)


def own(url: str = "http://g/judge", **headers: str) -> Guardrail:
    return Guardrail(name="own", default=True, guards=(HttpGuard(url=url, headers=headers),))


def headers(found: Any) -> dict[str, str]:
    (guard,) = found.guards
    return guard.headers


def test_headers_of_a_service_are_kept_sealed_and_shown_masked() -> None:
    kept = seal(own(Authorization="Bearer s3"), before=None, sealer=Reversed())
    assert headers(kept) == {"Authorization": "sealed:3s reraeB"}
    shown = mask(kept)
    assert headers(shown) == {"Authorization": MASK}
    assert seal(shown, before=kept, sealer=Reversed()) == kept
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Guardrail) == kept


def test_a_stored_header_does_not_follow_to_another_service() -> None:
    kept = seal(own(Authorization="Bearer s3"), before=None, sealer=Reversed())
    with pytest.raises(InvalidRequest, match="send it again"):
        seal(own("http://elsewhere/judge", Authorization=MASK), before=kept, sealer=Reversed())


@pytest.mark.parametrize(("name", "value"), [("bad name", "x"), ("X", "a\nb"), ("X", "${env:TOKEN}"), ("X", MASK)])
def test_what_cannot_be_a_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=r"guards\[0\].headers"):
        seal(own(**{name: value}), before=None, sealer=Reversed())
