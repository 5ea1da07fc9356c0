"""The entries of model_list, with what they take from credential_list, and what stands behind wildcards."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import cast

from stoa.control.litellm.account import Account, Fields
from stoa.control.litellm.connections import Deployment
from stoa.control.litellm.document import Path, Values
from stoa.control.litellm.kinds import told_apart
from stoa.errors import InvalidRequest

_UNTOLD = "Nobody can tell the provider of {name!r}. Write it before the name, as in openai/{name}."
_WILDCARD = "Stoa has no wildcards. Import again with --model NAME for each model that clients ask for through it."


class Deployments:
    """`asked` are models that clients ask for through wildcards."""

    def __init__(self, account: Account, values: Values, environ: Mapping[str, str], asked: Sequence[str]) -> None:
        self._account = account
        self._values = values
        self._environ = environ
        self._credentials = self._read_credentials()
        self._entries = [entry for entry in self._mappings("model_list") if self._is_deployment(*entry)]
        self._asked = self._behind(asked)

    def every(self) -> list[Deployment]:
        """In the order of the file. Those whose provider nobody can tell, and wildcards that nobody asks, are left."""
        return [found for path, entry in self._entries for found in self._read(path, entry)]

    def _read(self, path: Path, entry: Values) -> list[Deployment]:
        group, written = str(entry["model_name"]), cast("Values", entry["litellm_params"])  # cast: _is_deployment has looked
        params = self._params(path, entry, written)
        info = entry.get("model_info")
        described = cast("Values", info) if isinstance(info, dict) else {}  # cast: keys are text
        about = Fields(self._account, self._environ, (described, (*path, "model_info")))
        self._account.carried((*path, "model_name"))
        name = str(params.take("model"))
        told = told_apart(name, params.take("custom_llm_provider"))
        if told is None:
            self._account.left_whole(path, _UNTOLD.format(name=name))
            return []
        made = Deployment(path, group, *told, params=params, info=about)
        return [made] if "*" not in group and "*" not in name else self._through_wildcard(made)

    def _params(self, path: Path, entry: Values, written: Values) -> Fields:
        layers: list[tuple[Mapping[str, object], Path]] = [(written, (*path, "litellm_params"))]
        older = {name: entry[name] for name in ("rpm", "tpm") if name in entry}  # where LiteLLM once had them
        if older:
            layers.append((older, path))
        credential = str(written.get("litellm_credential_name"))
        if credential in self._credentials:
            values, at = self._credentials[credential]
            layers.append((values, at))
            self._account.carried((*at[:-1], "credential_name"))
        params = Fields(self._account, self._environ, *layers)
        if params.take("litellm_credential_name") is not None and credential not in self._credentials:
            params.left("litellm_credential_name", f"There is no credential {credential!r} in credential_list.")
        return params

    def _through_wildcard(self, deployment: Deployment) -> list[Deployment]:
        """A deployment for each model that clients ask for through it."""
        found: list[Deployment] = []
        for asked in self._asked.get(deployment.group, ()):
            name = deployment.model.replace("*", _star(deployment.group, asked), 1)
            name = name.removeprefix(f"{deployment.provider}/")
            found.append(Deployment(deployment.path, asked, deployment.provider, name, deployment.params, deployment.info))
        if not found:
            self._account.left_whole(deployment.path, _WILDCARD)
            return []
        names = ", ".join(repr(each.group) for each in found)
        self._account.changed((*deployment.path, "model_name"), f"Stoa has no wildcards. It stands for {names} alone.")
        return found

    def _behind(self, asked: Sequence[str]) -> dict[str, list[str]]:
        """The models asked for, by the narrowest wildcard that each matches."""
        groups = {str(entry["model_name"]) for _, entry in self._entries}
        found: dict[str, list[str]] = {}
        for name in asked:
            matching = sorted((group for group in groups if "*" in group and fnmatchcase(name, group)), key=len)
            if name in groups or not matching:
                why = "has a deployment of its own" if name in groups else "matches no wildcard of the configuration"
                raise InvalidRequest(f"--model {name!r} {why}. It is for models that clients ask for through a wildcard.")
            found.setdefault(matching[-1], []).append(name)
        return found

    def _is_deployment(self, path: Path, entry: Values) -> bool:
        written = entry.get("litellm_params")
        named = isinstance(written, dict) and isinstance(cast("Values", written).get("model"), str)  # cast: keys are text
        if not named or not isinstance(entry.get("model_name"), str):
            self._account.left(path, "A deployment has a model_name and litellm_params with a model. This has not.")
            return False
        return True

    def _read_credentials(self) -> dict[str, tuple[Values, Path]]:
        found: dict[str, tuple[Values, Path]] = {}
        for path, entry in self._mappings("credential_list"):
            name, values = entry.get("credential_name"), entry.get("credential_values")
            if isinstance(name, str) and isinstance(values, dict):
                found[name] = (cast("Values", values), (*path, "credential_values"))  # cast: keys are text
            if "credential_info" in entry:
                self._account.unneeded((*path, "credential_info"), "It only describes the credential.")
        return found

    def _mappings(self, name: str) -> list[tuple[Path, Values]]:
        """The entries of a list that are mappings, with their paths; others are left."""
        found = self._values.get(name)
        entries: list[tuple[Path, Values]] = []
        for position, entry in enumerate(cast("list[object]", found) if isinstance(found, list) else []):  # cast: of any kind
            if isinstance(entry, dict):
                entries.append(((name, position), cast("Values", entry)))  # cast: keys are text
            else:
                self._account.left((name, position), "It is not a mapping of fields.")
        return entries


def _star(pattern: str, asked: str) -> str:
    """What the asterisk stands for."""
    found = re.fullmatch(re.escape(pattern).replace(r"\*", "(.*)"), asked)
    return found[1] if found and found.groups() else asked
