"""Whether a request has the shape that everything behind it counts on. What has another one is told in one line of the
log and goes no further: https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

MAX_ID: Final = 255
MAX_URL: Final = 2_000
MAX_VALUE: Final = 4_000
MAX_TEXT: Final = 40_000
MAX_ACTIONS: Final = 100
_OBJECTS: Final = ("team", "user", "channel", "container", "view", "event", "message", "enterprise", "state")
_TOP: Final[Mapping[str, int]] = {
    "type": MAX_ID, "command": MAX_ID, "text": MAX_TEXT, "user_id": MAX_ID, "channel_id": MAX_ID, "team_id": MAX_ID,
    "api_app_id": MAX_ID, "event_id": MAX_ID, "trigger_id": MAX_ID, "callback_id": MAX_ID, "message_ts": MAX_ID,
    "enterprise_id": MAX_ID, "response_url": MAX_URL,
}  # fmt: skip
_WITHIN: Final[Mapping[str, Mapping[str, int]]] = {
    "team": {"id": MAX_ID},
    "enterprise": {"id": MAX_ID},
    "user": {"id": MAX_ID, "team_id": MAX_ID},
    "channel": {"id": MAX_ID},
    "container": {"type": MAX_ID, "channel_id": MAX_ID, "message_ts": MAX_ID, "thread_ts": MAX_ID},
    "message": {"ts": MAX_ID, "thread_ts": MAX_ID, "bot_id": MAX_ID, "app_id": MAX_ID},
    "view": {"id": MAX_ID, "type": MAX_ID, "callback_id": MAX_ID, "private_metadata": MAX_VALUE},
    "event": {
        "type": MAX_ID, "subtype": MAX_ID, "user": MAX_ID, "channel": MAX_ID, "ts": MAX_ID, "thread_ts": MAX_ID,
        "bot_id": MAX_ID, "app_id": MAX_ID, "team": MAX_ID, "tab": MAX_ID, "username": MAX_ID,
    },
}  # fmt: skip


def misshapen(body: object) -> str | None:
    """Where the first member is that is not what Slack sends there; None if all are."""
    if not isinstance(body, Mapping):
        return "the whole of it"
    return next(_wrong(body), None)


def _wrong(body: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts("", body, _TOP)
    for name in _OBJECTS:
        inner = body.get(name)
        if inner is None:
            continue
        if not isinstance(inner, Mapping):
            yield name
        else:
            yield from _texts(name, inner, _WITHIN.get(name, {}))
    for name, kind in (("command", "user_id"), ("event_callback", "event"), ("view_submission", "view")):
        if (name in body or body.get("type") == name) and not body.get(kind):
            yield kind
    if body.get("type") in {"block_actions", "view_submission", "message_action"} and not body.get("user"):
        yield "user"
    if "event" in body and not body["event"]:
        yield "event"
    yield from _wrong_actions(body)
    yield from _wrong_view(body.get("view") or {})
    yield from _wrong_authorizations(body.get("authorizations"))


def _wrong_actions(body: Mapping[str, Any]) -> Iterator[str]:
    actions = body.get("actions")
    if body.get("type") != "block_actions":
        return
    if not isinstance(actions, list) or not 1 <= len(actions) <= MAX_ACTIONS:
        yield "actions"
        return
    for action in actions:
        if not isinstance(action, Mapping) or not action.get("action_id") or not action.get("block_id"):
            yield "actions"
            return
        limits = {"type": MAX_ID, "action_id": MAX_ID, "block_id": MAX_ID, "value": MAX_VALUE}
        yield from _texts("actions", action, limits)
        yield from _wrong_choice("actions", action)


def _wrong_view(view: Mapping[str, Any]) -> Iterator[str]:
    if view and not (view.get("type") and isinstance(view.get("callback_id", ""), str)):
        yield "view.type"
    for name in ("title", "submit", "close"):
        part = view.get(name)
        if part is not None and not isinstance(part, Mapping):
            yield f"view.{name}"
        elif part:
            yield from _texts(f"view.{name}", part, {"text": MAX_ID})
    state = view.get("state") or {}
    blocks = (state.get("values") or {}) if isinstance(state, Mapping) else None
    if not isinstance(blocks, Mapping):
        yield "view.state"
        return
    for elements in blocks.values():
        if not isinstance(elements, Mapping):
            yield "view.state"
            continue
        for element in elements.values():
            if not isinstance(element, Mapping):
                yield "view.state"
                continue
            yield from _texts("view.state", element, {"type": MAX_ID, "value": MAX_VALUE})
            yield from _wrong_choice("view.state", element)


def _wrong_choice(where: str, element: Mapping[str, Any]) -> Iterator[str]:
    option = element.get("selected_option")
    if option is not None and not isinstance(option, Mapping):
        yield f"{where}.selected_option"
    elif option:
        yield from _texts(f"{where}.selected_option", option, {"value": MAX_VALUE})


def _wrong_authorizations(listed: object) -> Iterator[str]:
    if listed is None:
        return
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        yield "authorizations"


def _texts(where: str, holder: Mapping[str, Any], limits: Mapping[str, int]) -> Iterator[str]:
    for name, longest in limits.items():
        value = holder.get(name)
        if value is not None and not (isinstance(value, str) and len(value) <= longest and _is_whole(value)):
            yield f"{where}.{name}".removeprefix(".")


def _is_whole(text: str) -> bool:
    """Without half of a character, which nothing could write down."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)
