"""The way in: all verb groups together, in the order in which `stoa --help` lists them."""

import importlib

from stoa.cli.batch import batches
from stoa.cli.collection import collections
from stoa.cli.config import config
from stoa.cli.content import contents
from stoa.cli.database import database
from stoa.cli.dataset import datasets
from stoa.cli.datastore import datastores
from stoa.cli.document import documents
from stoa.cli.evalset import evalsets
from stoa.cli.evaluate import evaluations
from stoa.cli.graph import graphs
from stoa.cli.group import groups
from stoa.cli.guard import guards
from stoa.cli.importing import imports
from stoa.cli.job import jobs
from stoa.cli.key import keys
from stoa.cli.panels import ACCESS, DOCUMENTS, OPERATION
from stoa.cli.price import prices
from stoa.cli.root import root
from stoa.cli.source import sources
from stoa.cli.team import teams
from stoa.cli.trace import traces
from stoa.cli.user import users
from stoa.cli.vectors import vectors

for module in (
    "up",
    "example",
    "login",
    "ask",
    "mcp",
    "ingest",
    "resources",
    "history",
    "status",
    "usage",
    "budget",
    "replay",
    "version",
    "roles",
):
    importlib.import_module(f"stoa.cli.{module}")  # each registers its verbs at the root

app = root
for group in (
    documents,
    collections,
    sources,
    graphs,
    jobs,
    batches,
    evalsets,
    evaluations,
    datasets,
    imports,
    guards,
    datastores,
):
    app.add_typer(group, rich_help_panel=DOCUMENTS)
for group in (keys, users, teams, groups):
    app.add_typer(group, rich_help_panel=ACCESS)
for group in (traces, contents, prices, config, database, vectors):
    app.add_typer(group, rich_help_panel=OPERATION)


def main() -> None:
    """Run the verb on the command line; exit code 0 done, 1 not done, 2 not understood."""
    app()
