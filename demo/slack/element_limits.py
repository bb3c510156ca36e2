"""What Slack refuses in the elements of blocks: buttons, menus and fields.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from demo.slack.text_limits import (
    MAX_ID,
    PLAIN,
    TEXT_KINDS,
    Found,
    as_list,
    confirm_errors,
    count_errors,
    keys_errors,
    length_errors,
    option_errors,
    text_errors,
)

Element = Mapping[str, Any]
_SHARED: Final = frozenset({"type", "action_id", "confirm", "focus_on_load"})
_FIELD: Final = _SHARED | {"placeholder", "initial_value", "dispatch_action_config"}
_MENU: Final = _SHARED | {"placeholder"}
_OPTIONS: Final = {"options", "option_groups"}
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "button": _SHARED | {"text", "url", "value", "style", "accessibility_label"},
    "image": frozenset({"type", "image_url", "alt_text", "slack_file"}),
    "overflow": _SHARED | {"options"},
    "static_select": _MENU | _OPTIONS | {"initial_option"},
    "multi_static_select": _MENU | _OPTIONS | {"initial_options", "max_selected_items"},
    "external_select": _MENU | {"initial_option", "min_query_length"},
    "multi_external_select": _MENU | {"initial_options", "min_query_length", "max_selected_items"},
    "users_select": _MENU | {"initial_user"},
    "multi_users_select": _MENU | {"initial_users", "max_selected_items"},
    "conversations_select": _MENU
    | {"initial_conversation", "default_to_current_conversation", "response_url_enabled", "filter"},
    "multi_conversations_select": _MENU
    | {"initial_conversations", "default_to_current_conversation", "max_selected_items", "filter"},
    "channels_select": _MENU | {"initial_channel", "response_url_enabled"},
    "multi_channels_select": _MENU | {"initial_channels", "max_selected_items"},
    "radio_buttons": _SHARED | {"options", "initial_option"},
    "checkboxes": _SHARED | {"options", "initial_options"},
    "datepicker": _MENU | {"initial_date"},
    "timepicker": _MENU | {"initial_time", "timezone"},
    "datetimepicker": _SHARED | {"initial_date_time"},
    "plain_text_input": _FIELD | {"multiline", "min_length", "max_length"},
    "email_text_input": _FIELD,
    "url_text_input": _FIELD,
    "number_input": _FIELD | {"is_decimal_allowed", "min_value", "max_value"},
    "feedback_buttons": frozenset({"type", "action_id", "positive_button", "negative_button"}),
    "icon_button": _SHARED | {"icon", "text", "value", "accessibility_label", "visible_to_user_ids"},
}
IN_SECTION: Final = frozenset(KEYS) - {
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "feedback_buttons",
    "icon_button",
}
IN_ACTIONS: Final = IN_SECTION - {"image"} - {kind for kind in KEYS if kind.startswith("multi_")}
IN_INPUT: Final = frozenset(KEYS) - {"button", "image", "overflow", "feedback_buttons", "icon_button"}
IN_CONTEXT_ACTIONS: Final = frozenset({"feedback_buttons", "icon_button"})
MAX_OPTIONS: Final[Mapping[str, int]] = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}
ANY_OPTIONS: Final = 100


def element_errors(where: str, element: object, allowed: Collection[str]) -> Found:
    """Of one element in a place where `allowed` kinds may stand."""
    kind = str(element.get("type")) if isinstance(element, Mapping) else ""
    if not isinstance(element, Mapping) or kind not in KEYS or kind not in allowed:
        yield f"{where}: unsupported type: {kind}"
        return
    yield from keys_errors(where, element, KEYS[kind])
    if "action_id" in element:
        yield from length_errors(f"{where}/action_id", element["action_id"], MAX_ID)
    if "confirm" in element:
        yield from confirm_errors(f"{where}/confirm", element["confirm"])
    if "placeholder" in element:
        yield from text_errors(f"{where}/placeholder", element["placeholder"], 150, PLAIN)
    yield from CHECKS.get(kind, _options)(where, element)


def _button(where: str, element: Element) -> Found:
    yield from text_errors(f"{where}/text", element.get("text"), 75, PLAIN)
    if "value" in element:
        yield from length_errors(f"{where}/value", element["value"], 2_000)
    if "url" in element:
        yield from length_errors(f"{where}/url", element["url"], 3_000)
    if "accessibility_label" in element:
        yield from length_errors(f"{where}/accessibility_label", element["accessibility_label"], 75)
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield f"{where}/style: primary or danger"


def _image(where: str, element: Element) -> Found:
    yield from length_errors(f"{where}/alt_text", element.get("alt_text"), 2_000)
    if "image_url" in element:
        yield from length_errors(f"{where}/image_url", element["image_url"], 3_000)


def _options(where: str, element: Element) -> Found:
    """Of everything that offers choices of its own; others have none to look at."""
    kind = str(element["type"])
    if not {"options", "option_groups"} & KEYS[kind]:
        return
    most = MAX_OPTIONS.get(kind, ANY_OPTIONS)
    kinds = TEXT_KINDS if kind in {"radio_buttons", "checkboxes"} else PLAIN
    groups = as_list(element.get("option_groups"))
    if groups:
        yield from count_errors(f"{where}/option_groups", groups, ANY_OPTIONS)
        for number, group in enumerate(groups):
            yield from text_errors(f"{where}/option_groups/{number}/label", group.get("label"), 75, PLAIN)
    else:
        yield from count_errors(f"{where}/options", element.get("options"), most)
    offered = [*as_list(element.get("options")), *(one for group in groups for one in as_list(group.get("options")))]
    for number, option in enumerate(offered):
        yield from option_errors(f"{where}/options/{number}", option, kinds)
    values = [option.get("value") for option in offered if isinstance(option, Mapping)]
    if len(values) != len(set(values)):
        yield f"{where}/options: a value is used twice"
    chosen = [element["initial_option"]] if "initial_option" in element else as_list(element.get("initial_options"))
    if any(one not in offered for one in chosen):
        yield f"{where}: what is chosen at first is none of the options"


def _typed(where: str, element: Element) -> Found:
    if "initial_value" in element:
        yield from length_errors(f"{where}/initial_value", element["initial_value"], 3_000, 0)
    for name in ("min_length", "max_length"):
        if not 0 <= int(element.get(name, 1)) <= 3_000:
            yield f"{where}/{name}: at most 3000"


def _feedback(where: str, element: Element) -> Found:
    for name in ("positive_button", "negative_button"):
        pressed = element.get(name)
        if not isinstance(pressed, Mapping):
            yield f"{where}: missing required field: {name}"
            continue
        yield from keys_errors(f"{where}/{name}", pressed, ("text", "value", "accessibility_label"))
        yield from text_errors(f"{where}/{name}/text", pressed.get("text"), 75, PLAIN)
        yield from length_errors(f"{where}/{name}/value", pressed.get("value"), 2_000)


def _icon(where: str, element: Element) -> Found:
    yield from text_errors(f"{where}/text", element.get("text"), 75, PLAIN)
    if element.get("icon") != "trash":
        yield f"{where}/icon: trash is the only icon"


CHECKS: Final[Mapping[str, Callable[[str, Element], Found]]] = {
    "button": _button,
    "image": _image,
    "plain_text_input": _typed,
    "feedback_buttons": _feedback,
    "icon_button": _icon,
}
