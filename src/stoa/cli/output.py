"""What a verb shows: results on stdout, everything said about them on stderr; tables for eyes, plain lines for pipes."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

import typer


def result(text: str) -> None:
    """What the verb was asked for."""
    typer.echo(text)


def note(text: str) -> None:
    """What is good to know beside it."""
    typer.echo(text, err=True)


def warning(text: str) -> None:
    typer.echo(f"{typer.style('Warning:', fg='yellow', bold=True)} {text}", err=True)


def error(text: str) -> None:
    typer.echo(f"{typer.style('Error:', fg='red', bold=True)} {text}", err=True)


def as_json(data: object) -> None:
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def as_line(data: object) -> None:
    """JSON in one line, for JSONL."""
    typer.echo(json.dumps(data, ensure_ascii=False))


def as_yaml(documents: Iterable[object]) -> None:
    import yaml  # late: only some verbs need it

    typer.echo(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=120).rstrip())


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table in a terminal; elsewhere columns padded with spaces and nothing cut off. `empty` is said when there is no row."""
    cells = [[shown(cell) for cell in row] for row in rows]
    if not cells:
        note(empty)
    elif sys.stdout.isatty():
        _rich_table(columns, cells)
    else:
        lines = [[column.upper() for column in columns], *cells]
        widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
        for line in lines:
            result("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def shown(cell: object) -> str:
    """One value as text: lists with commas, nothing as a dash."""
    match cell:
        case None | "":
            return "-"
        case bool():
            return "yes" if cell else "no"
        case list() | tuple():
            return ", ".join(map(str, cast("list[object]", cell))) or "-"  # cast: whatever the cell holds
        case _:
            return str(cell)


def when(iso: str | None) -> str | None:
    """A time of the API as local time, to the minute."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M") if iso else None


def _rich_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # late: 40 ms
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)
