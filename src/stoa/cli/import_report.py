"""What `stoa import` tells: what was carried, what changed, what was left and why, and which variables to set."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stoa.domain.resources import Model, Provider, Resource, Route
from stoa.errors import OperatorError
from stoa.kit.files import write_atomic

if TYPE_CHECKING:
    from stoa.control.litellm.account import Finding
    from stoa.control.litellm.convert import Conversion
    from stoa.control.litellm.document import Document

_WIDTH = 110
_TITLES = {
    "left": "Not carried",
    "changed": "Carried, but not the same",
    "unneeded": "Not needed any more",
    "carried": "Carried as it is",
}


def manifest(resource: Resource) -> dict[str, Any]:
    """A resource as YAML has it: kind and name first, nothing that is empty. Any: JSON."""
    fields = {name: value for name, value in msgspec.to_builtins(resource).items() if value not in ({}, [])}
    return {"kind": fields.pop("kind"), "name": fields.pop("name"), **fields}


def text(file: str, document: "Document", conversion: "Conversion", *, every: bool) -> str:
    """The report for people. `every` has what was carried as it is in it, too."""
    parts = [f"{file} becomes {_counted(conversion.resources)}."]
    if conversion.renamed:
        names = [f"  {before} -> {now}" for before, now in conversion.renamed.items()]
        parts.append("\n".join(["Clients have to say another name:", *names]))
    for outcome in _TITLES if every else ("left", "changed"):
        found = [each for each in conversion.findings if each.outcome == outcome]
        if found:
            parts.append("\n".join([f"{_TITLES[outcome]} ({len(found)}):", *_listed(document, found)]))
    if not every:
        others = [sum(each.outcome == outcome for each in conversion.findings) for outcome in ("carried", "unneeded")]
        parts.append(f"Carried as they are: {others[0]} keys. Not needed any more: {others[1]} keys. See them with --all.")
    if conversion.secrets:
        rows = [(secret.variable, _whence(file, conversion, secret.variable)) for secret in conversion.secrets]
        width = max(len(name) for name, _ in rows)
        lines = [f"  {name.ljust(width)}  {whence}" for name, whence in rows]
        parts.append("\n".join(["Variables to set before the manifests are applied:", *lines]))
    return "\n\n".join(parts)


def as_data(document: "Document", conversion: "Conversion") -> dict[str, Any]:
    """The report for programs. Any: JSON."""
    from stoa.control.litellm.document import shown

    findings: list[dict[str, Any]] = []
    for each in conversion.findings:
        place = document.place(each.path)
        findings.append(
            {
                "path": shown(each.path),
                "outcome": each.outcome,
                "note": each.note or None,
                "file": place.file if place else None,
                "line": place.line if place else None,
            }
        )
    return {
        "resources": [{"kind": type(each).__name__, "name": each.name} for each in conversion.resources],
        "renamed": dict(conversion.renamed),
        "variables": [{"name": secret.variable, "origin": secret.origin} for secret in conversion.secrets],
        "findings": findings,
    }


def write(folder: Path, wanted: Sequence[dict[str, Any]], report: str) -> None:
    """One file a kind, which `stoa apply -f` takes, and the report. Files of an earlier import are replaced."""
    import yaml  # late: only some verbs need it

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("Provider", "Model", "Route"):
            path = folder / f"{kind.lower()}s.yaml"
            those = [each for each in wanted if each["kind"] == kind]
            if those:
                made = yaml.safe_dump_all(those, sort_keys=False, allow_unicode=True, width=120)
                write_atomic(path, made.encode(), mode=0o644)
            else:
                path.unlink(missing_ok=True)
        write_atomic(folder / "report.txt", f"{report}\n".encode(), mode=0o644)
    except OSError as error:
        raise OperatorError(
            f"The folder {str(folder)!r} cannot be written: {error.strerror}. Choose another with --out"
        ) from None


def _counted(resources: Sequence[Resource]) -> str:
    found = [(sum(isinstance(each, kind) for each in resources), kind.__name__.lower()) for kind in (Provider, Model, Route)]
    return ", ".join(f"{number} {kind}{'' if number == 1 else 's'}" for number, kind in found)


def _listed(document: "Document", findings: Sequence["Finding"]) -> Iterable[str]:
    """Keys of which the same is said, together."""
    from stoa.control.litellm.document import shown

    by_note: dict[str, list[str]] = {}
    main = document.place(())
    for each in findings:
        place = document.place(each.path)
        file = f"{place.file} " if place and main and place.file != main.file else ""
        where = f" ({file}line {place.line})" if place else ""
        by_note.setdefault(each.note, []).append(f"  {shown(each.path)}{where}")
    for note, keys in by_note.items():
        yield from keys
        if note:
            yield from textwrap.wrap(note, _WIDTH, initial_indent="      ", subsequent_indent="      ", break_long_words=False)


def _whence(file: str, conversion: "Conversion", variable: str) -> str:
    secret = next(each for each in conversion.secrets if each.variable == variable)
    match secret.origin:
        case "configuration":
            return f"stands in the clear in {file}"
        case "file":
            return f"the text of the file {secret.value}"
        case "environment":
            return f"is in environment_variables of {file}" if variable in conversion.variables else "as LiteLLM reads it"
