"""The way from a configuration to resources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, cast

import msgspec

from stoa.control.litellm import groups as grouping
from stoa.control.litellm.account import Account, Fields, Finding, Unset, variable_of
from stoa.control.litellm.addresses import CannotCarry
from stoa.control.litellm.connections import Connection, Connector, Deployment
from stoa.control.litellm.document import Document, Path, Values
from stoa.control.litellm.groups import Group, Member
from stoa.control.litellm.kinds import told_apart
from stoa.control.litellm.models import model
from stoa.control.litellm.naming import Names, Providers
from stoa.control.litellm.routing import Router, read_router
from stoa.control.litellm.secrets import Secret, Secrets, variables_in
from stoa.control.litellm.settings import settle_rest
from stoa.domain.prices import PriceList
from stoa.domain.resources import Model, Provider, Resource, Route


@dataclass(frozen=True)
class Conversion:
    """`findings` speak for every key, in the order of the file; `renamed` are names that clients must say differently."""

    resources: Sequence[Resource]
    findings: Sequence[Finding]
    secrets: Sequence[Secret]
    renamed: Mapping[str, str]
    values: Mapping[str, str]
    """Variables that the configuration sets itself. They may be secrets."""


def convert(
    document: Document, environ: Mapping[str, str], *, asked: Sequence[str] = (), prices: PriceList | None = None
) -> Conversion:
    """`asked` are models that clients ask for through wildcards. Raises nothing: what cannot be carried is a finding."""
    return _Conversion(document, environ, asked, prices).run()


class _Conversion:
    def __init__(self, document: Document, environ: Mapping[str, str], asked: Sequence[str], prices: PriceList | None) -> None:
        self._values = document.values
        self._document = document
        self._account = Account()
        self._set = self._environment_variables()
        self._environ = {**environ, **self._set}
        self._asked = asked
        self._prices = prices
        self._secrets = Secrets(set(variables_in(document.values)))
        self._providers = Providers()
        self._names = Names()
        self._credentials = self._credential_list()

    def run(self) -> Conversion:
        settings = self._fields("router_settings", "litellm_settings")
        router = read_router(settings, self._fields("general_settings"))
        members = self._members(router)
        public = {group: self._names.public(group) for group in members}
        groups, models = self._named(members, public, router)
        routes = [self._route(groups[group], group, router, groups) for group in groups if self._is_route(group, members, router)]
        for group in groups:
            if not self._is_route(group, members, router):
                grouping.settle_alone(groups[group].members[0], self._account)
        routes += self._aliases(settings, groups, routes, router)
        routes = [self._cached(each) for each in routes]
        self._finish(router, groups)
        resources: list[Resource] = [*self._providers.named(), *self._providers.settle(models), *routes]
        return Conversion(
            resources=[msgspec.convert(msgspec.to_builtins(each), Resource) for each in resources],
            findings=sorted(self._account.found.values(), key=self._position),
            secrets=list(self._secrets.found.values()),
            renamed=self._names.renamed,
            values=self._set,
        )

    def _fields(self, *sections: str) -> Fields:
        layers = [(self._section(name), (name,)) for name in sections]
        return Fields(self._account, self._environ, *layers)

    def _section(self, name: str) -> Values:
        found = self._values.get(name)
        return cast("Values", found) if isinstance(found, dict) else {}  # cast: keys are text

    def _list(self, name: str) -> list[tuple[Path, Values]]:
        """The entries of a list that are mappings, with their paths; others are left."""
        found = self._values.get(name)
        entries: list[tuple[Path, Values]] = []
        for position, entry in enumerate(cast("list[object]", found) if isinstance(found, list) else []):  # cast: of any kind
            if isinstance(entry, dict):
                entries.append(((name, position), cast("Values", entry)))  # cast: keys are text
            else:
                self._account.left((name, position), "It is not a mapping of fields.")
        return entries

    # --- what others read from ---

    def _environment_variables(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self._section("environment_variables").items():
            if variable_of(value) is None and value is not None:
                found[name] = str(value)
            note = "Set it where Stoa's manifests are applied, if one of them names it. Its value is not written anywhere."
            self._account.changed(("environment_variables", name), note)
        return found

    def _credential_list(self) -> dict[str, tuple[Values, Path]]:
        found: dict[str, tuple[Values, Path]] = {}
        for path, entry in self._list("credential_list"):
            fields = Fields(self._account, self._environ, (entry, path))
            name, values = fields.get("credential_name"), entry.get("credential_values")
            if isinstance(name, str) and isinstance(values, dict):
                found[name] = (cast("Values", values), (*path, "credential_values"))  # cast: keys are text
            if "credential_info" in fields:
                self._account.unneeded(fields.path("credential_info"), "It only describes the credential.")
        return found

    # --- deployments ---

    def _members(self, router: Router) -> dict[str, list[tuple[Deployment, Connection, Model]]]:
        connector = Connector(self._secrets, self._environ, router.timeouts)
        found: dict[str, list[tuple[Deployment, Connection, Model]]] = {}
        for deployment in self._deployments():
            try:
                connection = connector.connect(deployment)
                made = model(
                    deployment, connection, parallel=router.parallel, dropped=self._dropped(), prices=self._prices
                )
            except Unset as unset:
                note = f"The variable {unset.variable!r} says where it is, and is not set here. Set it and import again."
                self._account.left(deployment.path, note)
                continue
            except CannotCarry as reason:
                self._account.left(deployment.path, str(reason))
                continue
            others = found.setdefault(deployment.group, [])
            if others and others[0][2].operation != made.operation:
                note = f"It is for {made.operation}, and the first of its name for {others[0][2].operation}. Give it another name."
                self._account.left(deployment.path, note)
                continue
            others.append((deployment, connection, made))
        return {group: each for group, each in found.items() if each}

    def _deployments(self) -> list[Deployment]:
        found: list[Deployment] = []
        for path, entry in self._list("model_list"):
            written = entry.get("litellm_params")
            group = entry.get("model_name")
            if not isinstance(written, dict) or not isinstance(group, str) or not isinstance(written.get("model"), str):
                self._account.left(path, "A deployment has a model_name and litellm_params with a model. This has not.")
                continue
            self._account.carried((*path, "model_name"))
            found += self._deployment(path, entry, group, cast("Values", written))  # cast: keys are text
        return found

    def _deployment(self, path: Path, entry: Values, group: str, written: Values) -> list[Deployment]:
        layers: list[tuple[Mapping[str, object], Path]] = [(written, (*path, "litellm_params"))]
        older = {name: entry[name] for name in ("rpm", "tpm") if name in entry}  # where LiteLLM once had them
        layers += [(older, path)] if older else []
        credential = written.get("litellm_credential_name")
        if isinstance(credential, str) and credential in self._credentials:
            values, at = self._credentials[credential]
            layers.append((values, at))
            self._account.carried((*at[:-1], "credential_name"))
        params = Fields(self._account, self._environ, *layers)
        if credential is not None:
            params.take("litellm_credential_name")
            if credential not in self._credentials:
                params.left("litellm_credential_name", f"There is no credential {credential!r} in credential_list.")
        info = entry.get("model_info")
        about = Fields(
            self._account, self._environ,
            (cast("Values", info) if isinstance(info, dict) else {}, (*path, "model_info")),  # cast: keys are text
        )  # fmt: skip
        name = str(params.take("model"))
        told = told_apart(name, params.take("custom_llm_provider"))
        if told is None:
            self._account.left(path, f"Nobody can tell the provider of {name!r}. Write it before the name, as in openai/{name}.")
            return []
        made = Deployment(path, group, *told, params=params, info=about)
        if "*" not in group and "*" not in name:
            return [made]
        return self._through_wildcard(made)

    def _through_wildcard(self, deployment: Deployment) -> list[Deployment]:
        """A deployment for each model that clients ask for through a wildcard."""
        found: list[Deployment] = []
        for asked in self._asked:
            if not fnmatchcase(asked, deployment.group):
                continue
            star = _star(deployment.group, asked)
            name = deployment.model.replace("*", star, 1) if "*" in deployment.model else deployment.model
            name = name.removeprefix(f"{deployment.provider}/")
            found.append(Deployment(deployment.path, asked, deployment.provider, name, deployment.params, deployment.info))
        if found:
            names = ", ".join(repr(each.group) for each in found)
            self._account.changed((*deployment.path, "model_name"), f"Stoa has no wildcards. It stands for {names} alone.")
            return found
        note = "Stoa has no wildcards. Import again with --model NAME for each model that clients ask for through it."
        self._account.left(deployment.path, note)
        return []

    def _dropped(self) -> tuple[str, ...]:
        found = self._section("litellm_settings").get("additional_drop_params")
        if not isinstance(found, list):
            return ()
        self._account.carried(("litellm_settings", "additional_drop_params"))
        return tuple(str(each) for each in cast("list[object]", found))  # cast: of whatever kind

    # --- what clients name ---

    @staticmethod
    def _is_route(group: str, members: Mapping[str, Sequence[object]], router: Router) -> bool:
        return grouping.needs_route(group, len(members[group]), router)

    def _named(
        self, members: Mapping[str, Sequence[tuple[Deployment, Connection, Model]]], public: Mapping[str, str], router: Router
    ) -> tuple[dict[str, Group], list[Model]]:
        groups: dict[str, Group] = {}
        models: list[Model] = []
        for group, entries in members.items():
            made: list[Member] = []
            for deployment, connection, described in entries:
                key = self._providers.add(connection)
                name = public[group]
                if self._is_route(group, members, router):
                    name = self._names.own(deployment.info, f"{name}-{connection.label}")
                if name != public[group] or deployment.group != name:
                    pass
                one = msgspec.structs.replace(described, name=name, provider=key)
                models.append(one)
                made.append(Member(deployment, one))
            if public[group] != group:
                note = f"Stoa's names are lower case letters, digits, dots, dashes and underscores. Clients say {public[group]!r}."
                for deployment, _, _ in entries:
                    self._account.changed((*deployment.path, "model_name"), note)
            groups[group] = Group(public[group], made)
        return groups, models

    def _route(self, group: Group, original: str, router: Router, groups: Mapping[str, Group]) -> Route:
        return grouping.route(group, group.name, original, router, groups, self._account)

    def _aliases(
        self, settings: Fields, groups: Mapping[str, Group], routes: Sequence[Route], router: Router
    ) -> list[Route]:
        """Other names for a group: a route of their own over the same targets."""
        found: list[Route] = []
        for section in ("router_settings", "litellm_settings"):
            for alias_field in ("model_group_alias", "model_alias_map"):
                written = self._section(section).get(alias_field)
                if not isinstance(written, dict):
                    continue
                for alias, target in cast("Values", written).items():  # cast: keys are text
                    path: Path = (section, alias_field, alias)
                    made = self._alias(path, alias, target, groups, routes, router)
                    found += [made] if made is not None else []
        return found

    def _alias(
        self, path: Path, alias: str, target: Any, groups: Mapping[str, Group], routes: Sequence[Route], router: Router
    ) -> Route | None:  # Any: a name, or a mapping with one
        group = groups.get(str(target["model"] if isinstance(target, dict) and "model" in target else target))
        if group is None:
            self._account.left(path, "It stands for a model that was not carried.")
            return None
        if alias in groups:
            self._account.left(path, "There are deployments of this name, too.")
            return None
        name = self._names.public(alias)
        self._account.carried(path)
        notes = [f"Clients say {name!r}."] if name != alias else []
        if isinstance(target, dict) and target.get("hidden"):
            notes.append("Stoa lists every model that the caller may use.")
        if notes:
            self._account.changed(path, " ".join(notes))
        made = next((each for each in routes if each.name == group.name), None)
        made = made or grouping.route(group, name, group.members[0].deployment.group, Router(), groups, self._account)
        return msgspec.structs.replace(made, name=name)

    def _cached(self, route: Route) -> Route:
        settings = self._section("litellm_settings")
        path: Path = ("litellm_settings", "cache")
        params = settings.get("cache_params")
        ttl = params.get("ttl") if isinstance(params, dict) else None
        if settings.get("cache") is False:
            self._account.changed(path, "Routes have cache: false. A model that is not in a route still answers from memory.")
            return msgspec.structs.replace(route, cache=False)
        if settings.get("cache") is True and isinstance(ttl, int) and not isinstance(ttl, bool) and ttl > 0:
            self._account.changed(("litellm_settings", "cache_params", "ttl"), "It became cache_ttl_s of each route.")
            return msgspec.structs.replace(route, cache_ttl_s=ttl)
        return route

    # --- the end ---

    def _finish(self, router: Router, groups: Mapping[str, Group]) -> None:
        """Speak for every key that nobody spoke for."""
        if "cache" in self._section("litellm_settings"):
            note = "Stoa keeps answers in its own memory for an hour; see cache and cache_ttl_s of a Route."
            self._account.found.setdefault(("litellm_settings", "cache"), Finding(("litellm_settings", "cache"), "changed", note))
        self._left_fallbacks(router, groups)
        if "include" in self._values:
            self._account.carried(("include",))
        for path in self._account.unsettled(self._values):
            if path[0] == "credential_list":
                self._account.left(path, "No deployment that was carried names it.")
            else:
                settle_rest(self._account, path, _at(self._values, path))
        for path, place in self._document.twice.items():
            note = f"It stands twice, again in line {place.line}. The last one counts, here and in LiteLLM."
            self._account.left((*path, "(first)"), note)

    def _left_fallbacks(self, router: Router, groups: Mapping[str, Group]) -> None:
        for group, wanted in router.fallbacks.items():
            for each in wanted:
                if group not in groups:
                    self._account.left(each.path, f"There is no model {group!r} among those that were carried.")
        for each in router.otherwise:
            if not self._account.settles(each.path):
                self._account.left(each.path, f"There is no model {each.group!r} among those that were carried, or no other than it.")

    def _position(self, finding: Finding) -> tuple[int, int]:
        """In the order of the files."""
        place = self._document.place(finding.path)
        order = list({each.file: None for each in self._document.places.values()})
        return (order.index(place.file), place.line) if place else (0, 0)


def _star(pattern: str, asked: str) -> str:
    """What the asterisk stands for."""
    found = re.fullmatch(re.escape(pattern).replace(r"\*", "(.*)"), asked)
    return found[1] if found and found.groups() else asked


def _at(values: object, path: Path) -> object:
    for part in path:
        values = cast("Any", values)[part]  # cast: the path was made by walking these values
    return values


_ = Provider
