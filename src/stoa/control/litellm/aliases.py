"""Other names for a group: routes of their own over the same targets."""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from stoa.control.litellm.account import Account
from stoa.control.litellm.document import Path, Values
from stoa.control.litellm.naming import Names
from stoa.domain.resources import Route, Target

_FIELDS = ("model_group_alias", "model_alias_map")


def aliases(
    values: Values, public: Mapping[str, str], routes: Mapping[str, Route], names: Names, account: Account
) -> list[Route]:
    """`public` are the groups' names in Stoa, `routes` those of them that are routes, by that name."""
    found: list[Route] = []
    for path, alias, target in _written(values):
        group = str(target.get("model")) if isinstance(target, dict) else str(target)
        if group not in public:
            account.left(path, f"It stands for {group!r}, which was not carried.")
            continue
        if alias in public:
            account.left(path, "There are deployments of this name, too.")
            continue
        name = names.public(alias)
        notes = [f"Clients say {name!r}."] if name != alias else []
        if isinstance(target, dict) and target.get("hidden"):
            notes.append("It is not hidden: Stoa lists every model that the caller may use.")
        account.settle(path, "changed" if notes else "carried", " ".join(notes))
        made = routes.get(public[group]) or Route(name=name, targets=(Target(model=public[group]),))
        found.append(msgspec.structs.replace(made, name=name))
    return found


def _written(values: Values) -> Iterator[tuple[Path, str, str | Values]]:
    for section in ("router_settings", "litellm_settings"):
        for field in _FIELDS:
            found = cast("object", (values.get(section) or {}).get(field)) if isinstance(values.get(section), dict) else None
            if isinstance(found, dict):
                for alias, target in cast("dict[str, str | Values]", found).items():  # cast: keys are text
                    yield (section, field, alias), alias, target
