"""`stoa import`: what another gateway was told, as resources of this one."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stoa.cli import import_report, manifests, output
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import InvalidRequest, OperatorError
from stoa.settings import environment

if TYPE_CHECKING:
    from stoa.control.litellm.convert import Conversion
    from stoa.control.litellm.document import Document

imports = typer.Typer(name="import", help="Move over from another gateway: litellm.", no_args_is_help=True)


@verb(imports, "litellm", action="resource:apply")
def litellm(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="LiteLLM's configuration, such as config.yaml, or - for standard input.")],
    out: Annotated[
        str | None, typer.Option("--out", help="Write manifests and the report into this folder; - prints manifests alone.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Apply at once, after showing what changes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --apply: do not ask first.")] = False,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="A model that clients ask for through a wildcard, such as openai/gpt-5.4; repeatable."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Report what was carried as it is and what is not needed, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Turn a configuration of LiteLLM's proxy into resources, and report each key that could not be carried.

    Without --out and --apply nothing is written: only the report is shown.
    """
    document, conversion = _convert(file, model or [])
    wanted = [import_report.manifest(each) for each in conversion.resources]
    if out == "-":
        output.as_yaml(wanted)
        return
    report = import_report.text(file, document, conversion, every=every)
    if json:
        output.as_json(import_report.as_data(document, conversion))
    else:
        output.result(report)
    if out is not None:
        import_report.write(Path(out), wanted, import_report.text(file, document, conversion, every=True))
        output.note(f"Wrote {out}. Look at it, set the variables, and: stoa diff -f {out}; stoa apply -f {out}")
    if apply:
        _apply(ctx, file, wanted, conversion, yes=yes)
    elif out is None:
        output.note("Nothing was written. Write manifests with --out FOLDER, or apply them with --apply.")


def _convert(file: str, models: list[str]) -> "tuple[Document, Conversion]":
    from stoa.adapters.prices.genai import GenaiPrices  # late, as all of it: only this verb needs it
    from stoa.control.litellm.convert import convert
    from stoa.control.litellm.document import read

    folder = Path(file).parent if file != "-" else Path()

    def load(name: str) -> str:
        return sys.stdin.read() if name == "-" else _text(Path(name) if name == file else folder / name)

    document = read(file, load)
    return document, convert(document, environment(), asked=models, prices=GenaiPrices())


def _apply(ctx: typer.Context, file: str, wanted: list[dict[str, Any]], conversion: "Conversion", *, yes: bool) -> None:
    """Apply all or nothing. Any: resources as JSON."""
    if not wanted:
        raise InvalidRequest(f"Nothing of {file} could be carried, so there is nothing to apply.")
    variables = _variables(file, conversion)
    filled = [manifests.filled(each, file, variables) for each in wanted]
    with target(ctx).connect() as api:
        changes = api.post("/api/resources/apply", {"resources": filled, "dry_run": True})["changes"]
        changing = [change for change in changes if change["change"] != "unchanged"]
        if not changing:
            output.note("Everything is there already.")
            return
        for change in changing:
            output.note(f"{change['kind']}/{change['name']} will be {change['change']}")
        if not yes:
            typer.confirm(f"Apply these {len(changing)}?", abort=True, err=True)
        for change in api.post("/api/resources/apply", {"resources": filled, "dry_run": False})["changes"]:
            output.note(f"{change['kind']}/{change['name']} {change['change']}")


def _variables(file: str, conversion: "Conversion") -> dict[str, str]:
    """Every variable that a manifest names, and the configuration's own secrets. Raises OperatorError for missing ones."""
    found = {**environment(), **conversion.variables}
    for secret in conversion.secrets:
        if secret.origin == "configuration" and secret.value is not None:
            found[secret.variable] = secret.value
        elif secret.origin == "file" and secret.value is not None and secret.variable not in found:
            found[secret.variable] = _text(Path(file).parent / secret.value)
    missing = [secret.variable for secret in conversion.secrets if secret.variable not in found]
    if missing:
        raise OperatorError(f"These variables are not set, and the providers need them: {', '.join(missing)}")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidRequest(f"The file {str(path)!r} cannot be read: {reason}") from None
