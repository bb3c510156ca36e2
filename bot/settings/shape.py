"""What the settings look like: which names exist, where they sit and which of them hold secrets."""

import difflib
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bot.settings.models import Settings

Path = tuple[str | int, ...]

PREFIX: Final = "ALB502_"
CONFIG_VARIABLE: Final = "ALB502_CONFIG"
CUSTOMARY_NAMES: Final[Mapping[str, str]] = {
    "slack_bot_token": "SLACK_BOT_TOKEN",
    "slack_signing_secret": "SLACK_SIGNING_SECRET",
    "slack_app_token": "SLACK_APP_TOKEN",
    "redis_url": "REDIS_URL",
}


def environment_name(path: Path) -> str:
    """`limits.cache_s` is ALB502_LIMITS__CACHE_S; the four customary names stay what they are elsewhere."""
    if len(path) == 1 and path[0] in CUSTOMARY_NAMES:
        return CUSTOMARY_NAMES[str(path[0])]
    return PREFIX + "__".join(str(step).upper() for step in path)


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """Written name (the alias, if there is one) -> type, without None and without the checks around it."""
    return {field.alias or name: _bare(field.annotation) for name, field in model.model_fields.items()}


def kind_at(path: Path) -> Any:
    """The type of the setting at `path`, or None where no setting is: a model, a tuple, a mapping or a leaf's type."""
    kind: Any = Settings
    for step in path:
        if is_section(kind):
            kind = fields_of(kind).get(str(step))
        elif is_container(kind):
            kind = _bare(get_args(kind)[-1 if get_origin(kind) is not tuple else 0])
        else:
            return None
    return kind


def is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def is_container(kind: Any) -> bool:
    """A list or a map: one JSON value in the environment."""
    origin = get_origin(kind)
    return origin is tuple or (isinstance(origin, type) and issubclass(origin, Mapping))


def is_leaf(kind: Any) -> bool:
    return kind is not None and not is_section(kind) and not is_container(kind)


def may_be_shown(path: Path) -> bool:
    """Only a single value of a known setting that is no secret; anything larger may have a secret inside."""
    kind = kind_at(path)
    return is_leaf(kind) and kind is not SecretStr


@cache
def variables() -> Mapping[str, Path]:
    """Every environment variable that sets something, and what it sets."""
    return {environment_name(path): path for path in _sections_and_leaves(Settings, ())}


def nearest_key(parent: Path, key: str) -> str:
    """The known setting that `key` under `parent` was most likely meant to be, as it is written in a file."""
    kind = kind_at(parent)
    siblings = list(fields_of(kind)) if is_section(kind) else []
    close = difflib.get_close_matches(key, siblings, n=1)
    if close:
        return dotted((*parent, close[0]))
    elsewhere = {str(path[-1]): path for path in reversed(list(variables().values()))}
    best = difflib.get_close_matches(key, list(elsewhere), n=1)
    if best:
        return dotted(elsewhere[best[0]])
    return dotted((*parent, *difflib.get_close_matches(key, siblings, n=1, cutoff=0.0)))


def nearest_variable(name: str) -> str:
    return difflib.get_close_matches(name.upper(), [*variables(), CONFIG_VARIABLE], n=1, cutoff=0.0)[0]


def dotted(path: Path) -> str:
    """`accounts[0].regions[1]`"""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f".{step}" if written else step
    return written


def _sections_and_leaves(model: type[BaseModel], above: Path) -> Iterator[Path]:
    for name, kind in fields_of(model).items():
        yield (*above, name)
        if is_section(kind):
            yield from _sections_and_leaves(kind, (*above, name))


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) in {Annotated, Union, types.UnionType}:
        options = [option for option in get_args(annotation) if option is not type(None)]
        annotation = options[0]
    return annotation
