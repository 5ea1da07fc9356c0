from pathlib import Path

from stoa.cli import manifests


def test_a_field_called_on_is_a_field_and_not_true(tmp_path: Path) -> None:
    file = tmp_path / "route.yaml"
    file.write_text(
        "kind: Route\nname: r\ncache: off\nsticky: true\nfallback:\n  - {model: large, on: [timeout]}\n", encoding="utf-8"
    )
    (found,) = manifests.read([str(file)], {})
    assert found == {
        "kind": "Route",
        "name": "r",
        "cache": False,
        "sticky": True,
        "fallback": [{"model": "large", "on": ["timeout"]}],
    }


def test_names_in_nested_fields_are_text_too(tmp_path: Path) -> None:
    file = tmp_path / "provider.yaml"
    file.write_text("kind: Provider\nname: p\nheaders:\n  yes: a\n  No: b\n", encoding="utf-8")
    (found,) = manifests.read([str(file)], {})
    assert found["headers"] == {"yes": "a", "No": "b"}


def test_headers_of_a_guardrails_service_take_variables_and_nothing_else_does(tmp_path: Path) -> None:
    file = tmp_path / "guardrail.yaml"
    file.write_text(
        "kind: Guardrail\nname: g\nguards:\n"
        "  - {type: http, url: 'http://g/${env:T}', headers: {X: 'Bearer ${env:T}'}}\n"
        "  - {type: words, deny: ['${env:T}']}\n",
        encoding="utf-8",
    )
    (found,) = manifests.read([str(file)], {"T": "s3"})
    assert found["guards"] == [
        {"type": "http", "url": "http://g/${env:T}", "headers": {"X": "Bearer s3"}},
        {"type": "words", "deny": ["${env:T}"]},
    ]
