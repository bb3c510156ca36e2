"""The settings: read once at the start, checked, and handed down as frozen objects.

    settings = load(os.environ)

Environment first, then the YAML file, then defaults. Lists, maps and sections that the environment gives as JSON
replace what the file says; they are never merged.
"""

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import SecretStr, TypeAdapter, ValidationError

from bot.settings import shape
from bot.settings.consistency import contradictions
from bot.settings.errors import Names, Problem, SettingsError, problem_at, problems_of, unknown_key
from bot.settings.models import Account, Settings
from bot.settings.shape import CONFIG_VARIABLE
from bot.settings.sources import Read, read_environment, read_file
from bot.settings.words import ApprovalKey, ExternalId

__all__ = ["Settings", "SettingsError", "load"]

MAX_SECRET_BYTES: Final = 4096
_EXTERNAL_ID: Final[TypeAdapter[SecretStr]] = TypeAdapter(ExternalId)
_APPROVAL_KEY: Final[TypeAdapter[SecretStr]] = TypeAdapter(ApprovalKey)


def load(environ: Mapping[str, str], config_path: FilePath | None = None) -> Settings:
    """The settings of this environment.

    `config_path` wins over ALB502_CONFIG; with neither there is no file. Raises `SettingsError` with one line for each
    wrong setting; neither the error nor anything it refers to holds a secret.
    """
    path = config_path or _named_file(environ)
    from_file = read_file(path) if path is not None else Read()
    from_environment = read_environment(environ)
    names = Names(
        variables={setting: shape.environment_name(setting) for setting in from_environment.values},
        file=str(path) if path is not None else None,
    )
    problems = [*from_file.problems, *from_environment.problems]
    problems += _environment_only(from_file.values.get((), {}), names)
    settings, wrong = _validated(_laid_over(from_file.values.get((), {}), from_environment.values), names)
    problems += wrong
    if settings is not None:
        problems += [problem_at(*contradiction, names=names) for contradiction in contradictions(settings)]
        settings, wrong = _with_external_ids(settings, names)
        problems += wrong
        settings, wrong = _with_approval_key(settings, names)
        problems += wrong
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _named_file(environ: Mapping[str, str]) -> FilePath | None:
    named = environ.get(CONFIG_VARIABLE, "").strip()
    if not named:
        return None
    try:
        return FilePath(named).expanduser()
    except RuntimeError:
        return FilePath(named)


def _environment_only(tree: Mapping[str, Any], names: Names) -> list[Problem]:
    return [unknown_key((key,), names) for key in tree if key in shape.CUSTOMARY_NAMES]


def _laid_over(tree: Mapping[str, Any], values: Mapping[shape.Path, Any]) -> dict[str, Any]:
    """The file's settings with those of the environment put in their place, sections before what is inside them."""
    merged = {key: value for key, value in tree.items() if key not in shape.CUSTOMARY_NAMES}
    for path in sorted(values, key=len):
        section = merged
        for step in path[:-1]:
            inner = section.get(str(step))
            if inner is not None and not isinstance(inner, dict):
                break  # the section itself is wrong, which its own error says
            section[str(step)] = section = dict(inner or {})
        else:
            section[str(path[-1])] = values[path]
    return merged


def _validated(tree: dict[str, Any], names: Names) -> tuple[Settings | None, list[Problem]]:
    known = set(Settings.model_fields)
    problems = [unknown_key((key,), names) for key in tree if key not in known]
    try:
        return Settings(**{key: value for key, value in tree.items() if key in known}), problems
    except ValidationError as error:
        return None, [*problems, *problems_of(error, names)]


def _with_external_ids(settings: Settings, names: Names) -> tuple[Settings, list[Problem]]:
    accounts: list[Account] = []
    problems: list[Problem] = []
    for index, account in enumerate(settings.accounts):
        if account.external_id_file is None or account.external_id is not None:
            accounts.append(account)
            continue
        try:
            external_id = _secret_in(account.external_id_file, _EXTERNAL_ID, "an external id")
        except _UnusableFileError as unusable:
            path = ("accounts", index, "external_id_file")
            problems.append(problem_at(path, str(account.external_id_file), str(unusable), names))
        else:
            accounts.append(account.model_copy(update={"external_id": external_id}))
    return settings.model_copy(update={"accounts": tuple(accounts)}), problems


def _with_approval_key(settings: Settings, names: Names) -> tuple[Settings, list[Problem]]:
    wanted = settings.remediations
    if wanted.approval_key_file is None or wanted.approval_key is not None:
        return settings, []
    try:
        found = _secret_in(wanted.approval_key_file, _APPROVAL_KEY, "a key of 32 characters or more")
    except _UnusableFileError as unusable:
        path = ("remediations", "approval_key_file")
        return settings, [problem_at(path, str(wanted.approval_key_file), str(unusable), names)]
    return settings.model_copy(update={"remediations": wanted.model_copy(update={"approval_key": found})}), []


class _UnusableFileError(Exception):
    """Says what is expected of the file, not what is in it."""


def _secret_in(path: FilePath, kind: TypeAdapter[SecretStr], what: str) -> SecretStr:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SECRET_BYTES)
        secret = kind.validate_python(raw.decode("ascii"))
    except OSError as error:
        reason = f"a readable file ({(error.strerror or 'unreadable').lower()})"
    except ValueError:
        reason = f"a file that holds {what} and nothing else"
    else:
        return secret
    raise _UnusableFileError(reason)
