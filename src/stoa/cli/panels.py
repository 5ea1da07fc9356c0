"""The list of verbs in `stoa --help`, by what they are for. Typer's own panels need rich, which costs 0.15 s at each start."""

from typing import Any

from typer.core import TyperGroup

START, ACCESS, DOCUMENTS, OPERATION = "Start here", "Who may do what", "Documents and models", "Operation"
PANELS = (START, DOCUMENTS, ACCESS, OPERATION)


class PanelGroup(TyperGroup):
    """Lists its commands under their panel's name."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # Any: typer keeps both types to itself
        commands = [command for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))]
        width = max(len(str(command.name)) for command in commands)
        for panel in PANELS:
            rows = [
                (str(command.name).ljust(width), command.get_short_help_str(formatter.width - width - 4))
                for command in commands
                if getattr(command, "rich_help_panel", None) == panel and not command.hidden
            ]
            with formatter.section(panel):
                formatter.write_dl(rows)
