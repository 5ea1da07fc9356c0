"""The root command: the options that stand before every verb."""

from pathlib import Path
from typing import Annotated

import typer

from stoa.cli.panels import PanelGroup
from stoa.cli.target import Target

root = typer.Typer(
    name="stoa",
    cls=PanelGroup,
    help="A self-hosted LLM platform: an OpenAI-compatible gateway and assistants over your own documents.",
    epilog="The first steps: stoa up --example, then open the link it prints, or: stoa ask 'QUESTION' --assistant handbook",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@root.callback()
def options(
    ctx: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder for all state.", show_default="STOA_HOME, else .stoa")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file.", show_default="STOA_CONFIG, else stoa.yaml")] = None,
    url: Annotated[
        str | None, typer.Option(envvar="STOA_URL", help="Talk to the Stoa there.", show_default="the one of the home")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="STOA_TOKEN", help="Management key to show it.", show_default="the home's own")
    ] = None,
) -> None:
    known = ctx.obj if isinstance(ctx.obj, Target) else Target()
    ctx.obj = known.with_options(home=home, config=config, url=url, token=token)
