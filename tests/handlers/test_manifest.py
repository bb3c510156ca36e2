"""The manifest asks for what the code does in Slack: no more, and no less."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import pytest
import slack_sdk
from slack_sdk.socket_mode.client import BaseSocketModeClient

from handlers.manifest import EVENTS_WITHOUT_SCOPE, events, manifest
from handlers.scopes import APP_SCOPES, BOT_SCOPES, FREE_METHODS, Scope

ROOT = Path(__file__).parents[2]
URL = "https://alb502.example.com/slack/events"
RATES = ROOT / "bot" / "store" / "budget.py"
"""Knows how often methods may be called, also of those that nobody calls."""
SOCKET_MODE = "apps.connections.open"
MAX_NAME, MAX_DESCRIPTION, MAX_SHORTCUT = 35, 140, 24
"""https://docs.slack.dev/reference/app-manifest"""


@cache
def _web_api() -> dict[str, str]:
    """Each method of the library's client and the Web API method that it calls."""
    source = inspect.getsource(slack_sdk.WebClient)
    parts = re.split(r"\n    def (\w+)\(", source)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    called = {name: re.search(r'self\.api_call\(\s*"([\w.]+)"', body) for name, body in bodies.items()}
    return {name: found[1] for name, found in called.items() if found}


@cache
def _nodes() -> tuple[ast.AST, ...]:
    """All that the code consists of."""
    known = {RATES, ROOT / "handlers" / "scopes.py"}
    files = [file for package in ("bot", "handlers") for file in (ROOT / package).rglob("*.py") if file not in known]
    return tuple(node for file in files for node in ast.walk(ast.parse(file.read_text())))


@cache
def _called() -> frozenset[str]:
    """The Web API methods that the code names, as text or as a method of the client."""
    known = _web_api()
    methods: set[str] = set()
    for node in _nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known.values():
            methods.add(node.value)
        elif isinstance(node, ast.Attribute) and node.attr in known and "_" in node.attr:
            methods.add(known[node.attr])
    return frozenset(methods)


def _listened_to(kind: str) -> set[str]:
    """What the listeners of one kind name: ``@app.event("message")``."""
    return {
        ast.unparse(decorator.args[0]).strip("'")
        for node in _nodes()
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == f"app.{kind}"
    }


def test_every_call_is_allowed() -> None:
    assert {"chat.postMessage", "users.info", "views.open", "auth.test"} <= _called()
    allowed = {method for scope in (*BOT_SCOPES, *APP_SCOPES) for method in scope.methods}
    assert _called() <= allowed | FREE_METHODS


@pytest.mark.parametrize("scope", BOT_SCOPES, ids=lambda scope: scope.name)
def test_every_scope_is_used(scope: Scope) -> None:
    if scope.name == "commands":
        assert _listened_to("command")
        assert _listened_to("shortcut")
    else:
        assert set(scope.methods) & _called() or set(scope.events) & set(events())


def test_the_free_methods_are_called() -> None:
    assert FREE_METHODS - _called() == set()


def test_the_app_token_opens_socket_mode_only() -> None:
    assert [(scope.name, scope.methods) for scope in APP_SCOPES] == [("connections:write", (SOCKET_MODE,))]
    source = inspect.getsource(BaseSocketModeClient)
    assert {_web_api()[name] for name in re.findall(r"self\.web_client\.(\w+)\(", source)} == {SOCKET_MODE}


def test_subscriptions_are_what_is_listened_to() -> None:
    assert {event.partition(".")[0] for event in events()} == _listened_to("event")
    assert {event for event in events() if event not in EVENTS_WITHOUT_SCOPE} == {
        event for scope in BOT_SCOPES for event in scope.events
    }


def test_commands_and_shortcuts_are_what_is_listened_to() -> None:
    features = manifest(URL)["features"]
    assert [one["command"] for one in features["slash_commands"]] == ["/alb502"]
    assert [one["callback_id"] for one in features["shortcuts"]] == ["diagnose_alarm"]
    assert _listened_to("command") == {"COMMAND"}
    assert len(_listened_to("shortcut")) == 1


def test_http_names_one_address_everywhere() -> None:
    made = manifest(URL)
    assert not made["settings"]["socket_mode_enabled"]
    assert {
        made["features"]["slash_commands"][0]["url"],
        made["settings"]["event_subscriptions"]["request_url"],
        made["settings"]["interactivity"]["request_url"],
    } == {URL}


def test_socket_mode_names_no_address() -> None:
    made = manifest(None)
    assert made["settings"]["socket_mode_enabled"]
    assert "url" not in re.findall(r"\w+", repr(made))
    assert "request_url" not in repr(made)


def test_words_fit() -> None:
    made = manifest(None)
    assert len(made["display_information"]["name"]) <= MAX_NAME
    assert len(made["display_information"]["description"]) <= MAX_DESCRIPTION
    assert all(len(one["name"]) <= MAX_SHORTCUT for one in made["features"]["shortcuts"])
