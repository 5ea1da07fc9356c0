"""The way from a configuration to resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from stoa.control.litellm import groups as grouping
from stoa.control.litellm.account import Account, Fields, Finding, Unset, variable_of
from stoa.control.litellm.addresses import CannotCarry
from stoa.control.litellm.aliases import aliases
from stoa.control.litellm.connections import Connection, Connector, Deployment
from stoa.control.litellm.deployments import Deployments
from stoa.control.litellm.document import Document, Path, Values
from stoa.control.litellm.groups import Group, Member
from stoa.control.litellm.models import model
from stoa.control.litellm.naming import Names, Providers
from stoa.control.litellm.routing import Router, read_router
from stoa.control.litellm.secrets import Secret, Secrets, variables_in
from stoa.control.litellm.settings import is_section, settle_rest
from stoa.domain.prices import PriceList
from stoa.domain.resources import Model, Provider, Resource, Route

_Described = list[tuple[Deployment, Connection, Model]]


@dataclass(frozen=True)
class Conversion:
    """`findings` speak for every key, in the order of the files; `renamed` are names that clients must say differently."""

    resources: Sequence[Resource]
    findings: Sequence[Finding]
    secrets: Sequence[Secret]
    renamed: Mapping[str, str]
    variables: Mapping[str, str]
    """What the configuration itself sets in the environment. They may be secrets."""


def convert(
    document: Document, environ: Mapping[str, str], *, asked: Sequence[str] = (), prices: PriceList | None = None
) -> Conversion:
    """`environ` is for addresses and regions that stand in variables; of secrets only the names are taken.

    `asked` are models that clients ask for through wildcards: raises InvalidRequest for one that no wildcard is for.
    What cannot be carried is a finding.
    """
    account = Account()
    variables = _variables(document.values, account)
    environ = {**environ, **variables}
    settings = _fields(document, account, environ, "router_settings", "litellm_settings")
    router = read_router(settings, _fields(document, account, environ, "general_settings"))
    secrets = Secrets(set(variables_in(document.values)))
    connector = Connector(secrets, environ, router.timeouts)
    members = _members(Deployments(account, document.values, environ, asked), connector, document, router, prices, account)

    names, providers = Names(), Providers()
    public = {group: names.public(group) for group in members}
    groups = {group: _group(group, members[group], public[group], router, names, providers) for group in members}
    routes = {
        public[group]: grouping.route(each, group, router, groups, account)
        for group, each in groups.items()
        if grouping.needs_route(group, len(each.members), router)
    }
    for each in groups.values():
        _settle_names(each, account, alone=each.name not in routes)
    made = [*routes.values(), *aliases(document.values, public, routes, names, account)]
    made = _cached(made, document.values, account)
    _settle_everything(document, router, groups, account)
    models = [member.model for each in groups.values() for member in each.members]
    resources: list[Resource] = [*providers.named(), *providers.settle(models), *made]
    return Conversion(
        resources=[msgspec.convert(msgspec.to_builtins(each), Resource) for each in resources],
        findings=sorted(account.found.values(), key=lambda finding: _position(document, finding.path)),
        secrets=secrets.named_in(each for each in resources if isinstance(each, Provider)),
        renamed=names.renamed,
        variables=variables,
    )


def _fields(document: Document, account: Account, environ: Mapping[str, str], *sections: str) -> Fields:
    return Fields(account, environ, *((_section(document.values, name), (name,)) for name in sections))


def _section(values: Values, name: str) -> Values:
    found = values.get(name)
    return cast("Values", found) if isinstance(found, dict) else {}  # cast: keys are text


def _variables(values: Values, account: Account) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _section(values, "environment_variables").items():
        if variable_of(value) is None and value is not None:
            found[name] = str(value)
        account.changed(
            ("environment_variables", name), "Set it yourself where a manifest names it; its value was not written."
        )
    return found


def _members(
    deployments: Deployments,
    connector: Connector,
    document: Document,
    router: Router,
    prices: PriceList | None,
    account: Account,
) -> dict[str, _Described]:
    """What could be carried, by LiteLLM's name for it."""
    dropped = _dropped(document.values, account)
    found: dict[str, _Described] = {}
    for each in deployments.every():
        try:
            connection = connector.connect(each)
            made = model(each, connection, parallel=router.parallel, dropped=dropped, prices=prices)
            others = found.get(each.group, [])
            if others and others[0][2].operation != made.operation:
                first = others[0][2].operation
                raise CannotCarry(f"It is for {made.operation}, and the first of its name for {first}. Give it another name.")
        except Unset as unset:
            note = f"The variable {unset.variable!r} says where it is, and is not set here. Set it and import again."
            account.left_whole(each.path, note)
        except CannotCarry as reason:
            account.left_whole(each.path, str(reason))
        else:
            found.setdefault(each.group, []).append((each, connection, made))
    return found


def _dropped(values: Values, account: Account) -> tuple[str, ...]:
    found = _section(values, "litellm_settings").get("additional_drop_params")
    if not isinstance(found, list):
        return ()
    account.carried(("litellm_settings", "additional_drop_params"))
    return tuple(str(each) for each in cast("list[object]", found))  # cast: of whatever kind


def _group(original: str, entries: _Described, name: str, router: Router, names: Names, providers: Providers) -> Group:
    several = grouping.needs_route(original, len(entries), router)
    members: list[Member] = []
    for deployment, connection, described in entries:
        own = names.own(deployment.info, f"{name}-{connection.label}", connection.hint) if several else name
        made = msgspec.structs.replace(described, name=own, provider=providers.add(connection))
        members.append(Member(deployment, made))
    return Group(name, members)


def _settle_names(group: Group, account: Account, *, alone: bool) -> None:
    for member in group.members:
        deployment = member.deployment
        path = (*deployment.path, "model_name")
        if deployment.group != group.name and account.found[path].outcome == "carried":
            account.changed(path, f"Clients say {group.name!r}: Stoa's names are lower case letters, digits, dots and dashes.")
        if alone:
            grouping.settle_alone(member, account)


def _cached(routes: Sequence[Route], values: Values, account: Account) -> list[Route]:
    settings, path = _section(values, "litellm_settings"), ("litellm_settings", "cache")
    if "cache" not in settings:
        return list(routes)
    if settings["cache"] is not True:
        account.changed(
            path, "Routes have cache: false. A model that is not behind a route answers repeated requests from memory."
        )
        return [msgspec.structs.replace(each, cache=False) for each in routes]
    account.changed(
        path, "Answers are kept in the gateway's own memory, and in Redis where redis.url is set: see cache of a Route."
    )
    fields = Fields(account, {}, (_section(settings, "cache_params"), ("litellm_settings", "cache_params")))
    ttl = fields.whole("ttl")
    return list(routes) if ttl is None else [msgspec.structs.replace(each, cache_ttl_s=ttl) for each in routes]


def _settle_everything(document: Document, router: Router, groups: Mapping[str, Group], account: Account) -> None:
    """Speak for every key that nobody spoke for."""
    for group, wanted in (*router.fallbacks.items(), ("*", router.otherwise)):
        for each in wanted:
            if not account.settles(each.path):
                missing = each.group if group == "*" or group in groups else group
                account.left(each.path, f"There is no model {missing!r} among those that were carried.")
    if "include" in document.values:
        account.carried(("include",))
    for path in account.unsettled(document.values, is_section):
        if path[0] == "credential_list":
            account.left(path, "No deployment that was carried uses it.")
        else:
            settle_rest(account, path, _at(document.values, path))
    for path, place in document.twice.items():
        account.left((*path, "(first)"), f"It stands again in line {place.line}. The last one counts, here and in LiteLLM.")


def _position(document: Document, path: Path) -> tuple[int, int]:
    place = document.place(path)
    files = list(dict.fromkeys(each.file for each in document.places.values()))
    return (files.index(place.file), place.line) if place else (0, 0)


def _at(values: object, path: Path) -> object:
    for part in path:
        values = cast("Any", values)[part]  # cast: the path was made by walking these values
    return values
