"""Every action there is, in one table: what a route, a verb of the command line or a request to a model asks leave for.

A new route names one of these, or adds one here and says in `default/*.cedar` who may; until then everybody is refused.
"""

from dataclasses import dataclass
from typing import Literal

ResourceType = Literal[
    "Platform", "Credential", "Desired", "Conversation", "Usage", "Content", "Collection", "Job", "Model", "Work", "Dataset"
]
"""What an action is done to. `Platform` is the installation as a whole; `Credential` a key, as a thing to manage; `Desired` a
resource of `stoa apply`; `Content` what was asked and answered in one request; `Model` whatever a client may name as model: a
model, a route or an assistant; `Work` a file or a batch of an application; `Dataset` examples that a team keeps."""


@dataclass(frozen=True, slots=True)
class Action:
    """`kinds` are the values of the resource's `kind`, where who may depends on it."""

    name: str
    meaning: str
    resource: ResourceType = "Platform"
    kinds: tuple[str, ...] = ()


_DESIRED = ("Provider", "Model", "Route", "Collection", "Source", "Datastore", "Assistant", "Guardrail", "Limit", "Budget")
_KEYS = ("inference", "management")
_CONTENTS = ("person", "application")
_STORES = ("vector_store",)
"""Collections that were made over `/v1/vector_stores`; applications change those, and no others."""

_TABLE = (
    # everybody
    Action("page:read", "open the web page"),
    Action("health:read", "ask whether a role is alive and ready"),
    Action("openapi:read", "read the description of this API"),
    Action("session:create", "sign in with a one-time link"),
    # whoever is signed in
    Action("session:read", "see who is signed in"),
    Action("session:delete", "sign out"),
    Action("catalog:read", "see which assistants and models one may chat with"),
    # models, on /v1
    Action("models:list", "list the models one may use"),
    Action("chat:create", "chat with a model, a route or an assistant", "Model"),
    Action("embeddings:create", "embed texts with a model or a route", "Model"),
    Action("rerank:create", "put documents in order of relevance with a model or a route", "Model"),
    Action("moderations:create", "have content judged by a model or a route", "Model"),
    Action("images:create", "make or change images with a model or a route", "Model"),
    Action("audio:create", "turn text into speech, or speech into text, with a model or a route", "Model"),
    # files and batches, on /v1
    Action("files:create", "upload a file", "Work"),
    Action("files:list", "list the files of one's team", "Work"),
    Action("files:read", "read a file", "Work"),
    Action("files:delete", "delete a file", "Work"),
    Action("batches:create", "have a batch of requests done", "Work"),
    Action("batches:list", "list the batches of one's team", "Work"),
    Action("batches:read", "follow a batch", "Work"),
    Action("batches:cancel", "cancel a batch", "Work"),
    # one's own
    Action("playground:run", "try requests to models in the page's playground"),
    Action("conversation:list", "list conversations", "Conversation"),
    Action("conversation:create", "begin a conversation", "Conversation"),
    Action("conversation:read", "read a conversation", "Conversation"),
    Action("conversation:update", "rename a conversation, ask in it, stop and regenerate answers", "Conversation"),
    Action("conversation:delete", "delete a conversation", "Conversation"),
    Action("feedback:create", "rate an answer", "Conversation"),
    Action("usage:read", "read requests, tokens, cost and latency", "Usage"),
    Action("trace:read", "find requests again, and see why they went the way they went", "Usage"),
    Action("replay:run", "see what other resources would have changed for the requests there were"),
    Action(
        "content:read",
        "read what was asked and answered, where a team keeps it; that it was read is recorded",
        "Content",
        _CONTENTS,
    ),
    Action("content:erase", "destroy the key that somebody's kept contents are sealed with"),
    # datasets
    Action("dataset:list", "list datasets, their versions and who changed what", "Dataset"),
    Action("dataset:read", "read and export the examples of a dataset; that they were read is recorded", "Dataset"),
    Action("dataset:create", "make a dataset", "Dataset"),
    Action("dataset:add", "put examples into a dataset", "Dataset"),
    Action("dataset:update", "change and remove examples of a dataset", "Dataset"),
    Action("dataset:delete", "delete a dataset with all its versions", "Dataset"),
    # documents
    Action("collection:list", "list collections", "Collection"),
    Action("document:list", "list the documents of a collection", "Collection"),
    Action("document:read", "read a document and its passages", "Collection"),
    Action("document:ingest", "add documents to a collection", "Collection"),
    Action("document:delete", "remove documents from a collection", "Collection"),
    Action("document:share", "change who may read a document", "Collection"),
    Action("source:list", "see the sources of a collection, and how they are", "Collection"),
    Action("source:read", "see a source's syncs", "Collection"),
    Action("source:sync", "have a source synced now", "Collection"),
    Action("passage:search", "search a collection, and see why each passage ranks", "Collection"),
    Action("mcp:use", "search and read through MCP what one may read"),
    Action("vector_stores:create", "make a collection as a vector store", "Collection", _STORES),
    Action("vector_stores:update", "change a vector store, and the files in it", "Collection", _STORES),
    Action("vector_stores:delete", "delete a vector store with all that is in it", "Collection", _STORES),
    Action("graph:query", "ask the knowledge graph of a collection", "Collection"),
    Action("collection:usage", "see how much a collection is asked, and which documents are cited", "Collection"),
    Action("index:list", "see the indexes of a collection, and how they compare", "Collection"),
    Action("index:change", "build an index of a collection anew, switch to it, go back", "Collection"),
    Action("evaluation:list", "list evaluation sets", "Collection"),
    Action("evaluation:read", "read an evaluation set, and measure the search by it", "Collection"),
    Action("evaluation:create", "make an evaluation set", "Collection"),
    Action("evaluation:judge", "say which passages are good and bad for a question", "Collection"),
    Action("evaluation:delete", "delete an evaluation set", "Collection"),
    Action("job:list", "list jobs", "Job"),
    Action("job:read", "follow a job", "Job"),
    Action("job:cancel", "cancel a job", "Job"),
    # people and keys
    Action("user:list", "list users"),
    Action("user:create", "add a user"),
    Action("user:update", "change a user's name, team, groups and roles, or disable them"),
    Action("sign_in_link:create", "make a one-time sign-in link for a user"),
    Action("team:list", "list teams, their budgets and how long they keep content"),
    Action("team:create", "add a team"),
    Action("team:update", "change a team's budget, and how long it keeps content"),
    Action("budget:list", "see what is spent of every budget"),
    Action("group:list", "list groups"),
    Action("group:create", "add a group"),
    Action("group:update", "put groups into a group, or take them out"),
    Action("key:list", "list keys, without their secrets", "Credential", _KEYS),
    Action("key:create", "make a key", "Credential", _KEYS),
    Action("key:revoke", "revoke a key", "Credential", _KEYS),
    # desired state
    Action("resource:list", "list providers, models, routes, assistants, guardrails, limits and all else", "Desired", _DESIRED),
    Action("resource:read", "read one of them, and what it was, secrets masked", "Desired", _DESIRED),
    Action("resource:apply", "create or change one of them", "Desired", _DESIRED),
    Action("resource:delete", "delete one of them", "Desired", _DESIRED),
    Action("datastore:query", "ask a datastore one of its queries"),
    Action("guardrail:try", "see what a guardrail makes of a text", "Desired", _DESIRED),
    Action("source:test", "see whether a source can be reached", "Desired", _DESIRED),
    Action("price:list", "see what models cost"),
    Action("price:set", "set what models cost from a moment on"),
    Action("status:read", "see the health of every role"),
    # on this machine, of the command line alone: no policy permits them, the rights to the home folder do
    Action("stoa:run", "start Stoa on a home folder"),
    Action("role:run", "run one role"),
    Action("config:read", "see the effective settings"),
    Action("system:version", "see which version this is"),
    Action("database:migrate", "bring the database into the form this version needs"),
    Action("database:check", "see whether the database is whole and current"),
    Action("database:backup", "copy the database"),
    Action("database:restore", "put a copy of the database back"),
    Action("vectors:migrate", "move the index of passages to another store"),
    Action("vectors:verify", "compare the index of passages with another store or with the documents"),
    Action("vectors:snapshot", "make, list and delete snapshots of an index"),
    Action("vectors:restore", "put a snapshot of an index back"),
    # the roles of Stoa among themselves, on /internal
    Action("snapshot:read", "fetch the snapshot that the gateway serves from"),
    Action("usage:ship", "deliver usage facts"),
    Action("content:ship", "deliver what was asked and answered, of teams that keep it"),
    Action("lookup:run", "run an assistant's queries on behalf of whoever asks it"),
    Action("target:report", "tell how the targets of routes are doing"),
)

MODEL_ACTIONS = frozenset(
    {"models:list", *(action.name for action in _TABLE if action.resource == "Model")},
)
"""What inference keys are for, and management keys never do."""

ACTIONS: dict[str, Action] = {action.name: action for action in _TABLE}

_LOCAL = (
    Action("stoa:run", "start all roles on this machine"),
    Action("role:run", "run one role in this process"),
    Action("example:load", "load the example company; each of its steps asks for its own action too"),
    Action("config:read", "see the settings of this machine"),
    Action("version:read", "see which version is installed"),
    Action("database:migrate", "bring the database into this version's form"),
    Action("database:check", "see whether the database is whole"),
    Action("database:backup", "copy the database"),
    Action("database:restore", "put a backup in the database's place"),
    Action("vectors:migrate", "move the index of passages to another store"),
    Action("vectors:verify", "compare the index with another store, or with the documents"),
    Action("vectors:snapshot", "make, list and delete snapshots of an index"),
    Action("vectors:restore", "put a snapshot in an index's place"),
)

LOCAL_ACTIONS: dict[str, Action] = {action.name: action for action in _LOCAL}
"""Verbs of the command line on this machine alone: whoever may write the home may do them, and no policy is asked."""
