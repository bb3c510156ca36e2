"""The methods of Slack's Web API that a bot calls, refusing what Slack refuses.

https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from demo.slack import limits
from demo.slack.identities import APP, BOT_ID, BOT_NAME, BOT_USER, CHANNEL, CHANNELS, GROUPS, PEOPLE, TEAM, USERS
from demo.slack.rates import Rates
from demo.slack.workspace import Body, Response, Workspace

Method = Callable[[Body], Body]
MAX_PAGE: Final = 200
USUAL_PAGE: Final = 100
OWN: Final[Mapping[str, str]] = {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP}
HELD_BACK: Final = frozenset({"metadata"})
"""Of a message that is read back, unless all of it is asked for."""


class WebApi:
    """Answers for one workspace. A `plain` one knows none of the newer blocks; one with `rates` refuses what comes too
    often."""

    def __init__(
        self, workspace: Workspace, *, token: str, url: str, plain: bool = False, rates: Rates | None = None
    ) -> None:
        self._workspace = workspace
        self._token = token
        self._url = url
        self._plain = plain
        self._rates = rates
        self.told: Callable[[Body], None] = lambda _: None
        """Called with each message that the bot posts or edits, as an event tells of it."""
        self._methods: Mapping[str, Method] = {
            "api.test": lambda _: {"ok": True},
            "auth.test": self._auth_test,
            "blocks.validate": self._validate,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "chat.postEphemeral": self._ephemeral,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.info": self._channel_info,
            "conversations.list": lambda _: {"ok": True, "channels": [_channel(one) for one in CHANNELS]},
            "conversations.members": lambda _: {"ok": True, "members": [*PEOPLE, BOT_USER]},
            "conversations.replies": self._replies,
            "reactions.add": self._react,
            "reactions.remove": self._unreact,
            "team.info": lambda _: {"ok": True, "team": {"id": TEAM, "name": "demo"}},
            "usergroups.list": lambda _: {"ok": True, "usergroups": [_group(one) for one in GROUPS]},
            "usergroups.users.list": self._members,
            "users.conversations": lambda _: {"ok": True, "channels": [_channel(one) for one in CHANNELS]},
            "users.info": self._user,
            "users.list": lambda _: {"ok": True, "members": [user.document() for user in USERS.values()]},
            "views.open": self._open,
            "views.publish": self._publish,
            "views.push": self._push,
            "views.update": self._update_view,
        }

    def call(self, method: str, token: str | None, body: Body) -> Body:
        """What Slack would answer."""
        if method not in self._methods:
            return _no("unknown_method")
        if not token:
            return _no("not_authed")
        if token != self._token:
            return _no("invalid_auth")
        with self._workspace.lock:
            return self._methods[method](body)

    def too_often_s(self, method: str, body: Body) -> int | None:
        """After how many seconds this may be called again, if it may not be called now."""
        return self._rates.retry_after_s(method, str(body.get("channel") or "")) if self._rates else None

    def respond(self, name: str, body: Body) -> Body:
        """What a response_url would answer."""
        with self._workspace.lock:
            place = self._workspace.take_response(name)
            if isinstance(place, str):
                return _no(place)
            return self.tell(place, body)

    def tell(self, place: Response, body: Body) -> Body:
        """What the acknowledgement of a command says, to the one who typed it."""
        with self._workspace.lock:
            if wrong := self._refused(body):
                return wrong
            self._tell(place, body)
            return {"ok": True}

    def view_refused(self, view: object) -> Body | None:
        """What is wrong with a view, as Slack would say it."""
        found = limits.view_errors(view, plain=self._plain)
        return _no("invalid_arguments", [f"[ERROR] {one}" for one in found]) if found else None

    # Identity.

    def _auth_test(self, _: Body) -> Body:
        names = {"team": "demo", "team_id": TEAM, "user": BOT_NAME, "user_id": BOT_USER, "bot_id": BOT_ID}
        return {"ok": True, "url": f"{self._url}/", "is_enterprise_install": False, **names}

    def _user(self, body: Body) -> Body:
        user = USERS.get(str(body.get("user")))
        return {"ok": True, "user": user.document()} if user else _no("user_not_found")

    def _members(self, body: Body) -> Body:
        group = GROUPS.get(str(body.get("usergroup")))
        return {"ok": True, "users": list(group[1])} if group else _no("no_such_subteam")

    def _channel_info(self, body: Body) -> Body:
        name = str(body.get("channel"))
        return {"ok": True, "channel": _channel(name)} if name in CHANNELS else _no("channel_not_found")

    # Messages.

    def _post(self, body: Body) -> Body:
        if wrong := self._misplaced(body) or self._refused(body):
            return wrong
        kept = self._workspace.post(
            {
                "type": "message",
                "channel": body["channel"],
                "text": body.get("text") or "",
                "blocks": body.get("blocks") or [],
                **{key: body[key] for key in ("thread_ts", "metadata", "reply_broadcast") if body.get(key)},
                **OWN,
            }
        )
        self.told({**kept, "event_ts": kept["ts"]})
        return {"ok": True, "channel": kept["channel"], "ts": kept["ts"], "message": kept}

    def _update(self, body: Body) -> Body:
        known = self._workspace.message(str(body.get("channel")), str(body.get("ts")))
        if known is None:
            return _no("message_not_found")
        if known.get("bot_id") != BOT_ID:
            return _no("cant_update_message")
        if wrong := self._refused(body):
            return wrong
        changes = {"text": body.get("text") or "", "blocks": body.get("blocks") or []}
        if body.get("metadata"):
            changes["metadata"] = body["metadata"]
        made = self._workspace.edit(known["channel"], known["ts"], changes) or known
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": known["channel"]}
        self.told({**event, "message": made, "previous_message": known, "ts": made["edited"]["ts"]})
        return {"ok": True, "channel": known["channel"], "ts": known["ts"], "text": made["text"], "message": made}

    def _delete(self, body: Body) -> Body:
        known = self._workspace.message(str(body.get("channel")), str(body.get("ts")))
        if known is None:
            return _no("message_not_found")
        if known.get("bot_id") != BOT_ID:
            return _no("cant_delete_message")
        self._workspace.delete(known["channel"], known["ts"])
        return {"ok": True, "channel": known["channel"], "ts": known["ts"]}

    def _ephemeral(self, body: Body) -> Body:
        if wrong := self._misplaced(body):
            return wrong
        if body.get("user") not in PEOPLE:
            return _no("user_not_in_channel")
        if wrong := self._refused(body):
            return wrong
        self._workspace.whisper(str(body["user"]), body["channel"], body.get("thread_ts"), body)
        return {"ok": True, "message_ts": self._workspace.new_ts()}

    def _permalink(self, body: Body) -> Body:
        known = self._workspace.message(str(body.get("channel")), str(body.get("message_ts")))
        if known is None:
            return _no("message_not_found")
        address = f"{self._url}/archives/{known['channel']}/p{known['ts'].replace('.', '')}"
        if known.get("thread_ts"):
            address += f"?thread_ts={known['thread_ts']}&cid={known['channel']}"
        return {"ok": True, "channel": known["channel"], "permalink": address}

    def _history(self, body: Body) -> Body:
        found = (one for one in self._in(body) if not one.get("thread_ts") or one["thread_ts"] == one["ts"])
        return self._page(body, sorted(found, key=_time, reverse=True))

    def _replies(self, body: Body) -> Body:
        thread = str(body.get("ts"))
        found = [one for one in self._in(body) if thread in {one["ts"], one.get("thread_ts")}]
        return self._page(body, sorted(found, key=_time)) if found else _no("thread_not_found")

    def _in(self, body: Body) -> list[Body]:
        return self._workspace.messages(str(body.get("channel")))

    def _page(self, body: Body, found: Iterable[Body]) -> Body:
        if body.get("channel") not in CHANNELS:
            return _no("channel_not_found")
        oldest, latest = float(body.get("oldest") or 0), float(body.get("latest") or "inf")
        inside = [one for one in found if oldest <= _time(one) <= latest]
        start, size = int(body.get("cursor") or 0), min(int(body.get("limit") or USUAL_PAGE), MAX_PAGE)
        whole = str(body.get("include_all_metadata")).lower() in {"true", "1"}
        page = [_read_back(one, whole=whole) for one in inside[start : start + size]]
        more = start + size < len(inside)
        cursor = {"next_cursor": str(start + size) if more else ""}
        return {"ok": True, "messages": page, "has_more": more, "response_metadata": cursor}

    def _react(self, body: Body) -> Body:
        return self._reacted(body, lambda there, name: [*there, name] if name not in there else None, "already_reacted")

    def _unreact(self, body: Body) -> Body:
        return self._reacted(
            body, lambda there, name: [one for one in there if one != name] if name in there else None, "no_reaction"
        )

    def _reacted(self, body: Body, change: Callable[[list[str], str], list[str] | None], refusal: str) -> Body:
        known = self._workspace.message(str(body.get("channel")), str(body.get("timestamp")))
        if known is None:
            return _no("message_not_found")
        changed = change(list(known.get("reactions", [])), str(body.get("name")))
        if changed is None:
            return _no(refusal)
        self._workspace.post({**known, "reactions": changed})
        return {"ok": True}

    def _validate(self, body: Body) -> Body:
        found = limits.view_errors(body["view"]) if body.get("view") else limits.message_errors(body)
        return _no("invalid_blocks", [f"[ERROR] {one}" for one in found]) if found else {"ok": True}

    def _misplaced(self, body: Body) -> Body | None:
        return None if body.get("channel") in CHANNELS else _no("channel_not_found")

    def _refused(self, body: Body) -> Body | None:
        """Why this may not be said, if it may not."""
        if not body.get("text") and not body.get("blocks"):
            return None if body.get("delete_original") else _no("no_text")
        found = limits.message_errors(body, plain=self._plain)
        return _no("invalid_blocks", [f"[ERROR] {one}" for one in found]) if found else None

    def _tell(self, place: Response, body: Body) -> None:
        workspace = self._workspace
        if body.get("delete_original"):
            self._forget(place)
        elif body.get("replace_original") and place.whisper is not None:
            workspace.rewrite_whisper(place.whisper, place, body)
        elif body.get("replace_original") and place.message is not None:
            workspace.edit(place.channel, place.message, {"text": body.get("text", ""), "blocks": body.get("blocks")})
        elif body.get("response_type") == "in_channel":
            said = {"text": body.get("text", ""), "blocks": body.get("blocks") or [], **OWN}
            thread = {"thread_ts": place.thread_ts} if place.thread_ts else {}
            workspace.post({"type": "message", "channel": place.channel, **thread, **said})
        else:
            workspace.whisper(place.user, place.channel, body.get("thread_ts") or place.thread_ts, body)

    def _forget(self, place: Response) -> None:
        if place.whisper is not None:
            self._workspace.feed.drop("whisper", place.whisper)
        elif place.message is not None:
            self._workspace.delete(place.channel, place.message)

    # Views.

    def _open(self, body: Body, *, on_top: bool = False) -> Body:
        trigger = self._workspace.take_trigger(str(body.get("trigger_id") or ""))
        if isinstance(trigger, str):
            return _no(trigger)
        if wrong := self.view_refused(body.get("view")):
            return wrong
        made = self._workspace.open_view(trigger.user, body["view"], on_top=on_top)
        return {"ok": True, "view": _whole(made)} if made else _no("push_limit_reached")

    def _push(self, body: Body) -> Body:
        return self._open(body, on_top=True)

    def _update_view(self, body: Body) -> Body:
        name = str(body.get("view_id") or self._workspace.view_of_external(str(body.get("external_id") or "")) or "")
        known = self._workspace.view(name)
        if known is None:
            return _no("not_found")
        if body.get("hash") and body["hash"] != known["hash"]:
            return _no("hash_conflict")
        if wrong := self.view_refused(body.get("view")):
            return wrong
        made = self._workspace.update_view(name, body["view"])
        return {"ok": True, "view": _whole(made)} if made else _no("not_found")

    def _publish(self, body: Body) -> Body:
        user, known = str(body.get("user_id")), self._workspace.home(str(body.get("user_id")))
        if user not in PEOPLE:
            return _no("user_not_found")
        if body.get("hash") and known is not None and body["hash"] != known["hash"]:
            return _no("hash_conflict")
        if wrong := self.view_refused(body.get("view")):
            return wrong
        return {"ok": True, "view": _whole(self._workspace.publish_home(user, body["view"]))}


def decoded(given: Mapping[str, Any]) -> Body:
    """The arguments of a call; lists and objects come as JSON in a form."""
    return {name: _decoded(name, value) for name, value in given.items()}


def _decoded(name: str, value: Any) -> Any:
    if isinstance(value, str) and name in {"blocks", "attachments", "metadata", "view"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _read_back(message: Body, *, whole: bool) -> Body:
    return dict(message) if whole else {key: value for key, value in message.items() if key not in HELD_BACK}


def _time(message: Mapping[str, Any]) -> float:
    return float(message["ts"])


def _whole(view: Body) -> Body:
    return {**view, "app_id": APP, "bot_id": BOT_ID, "app_installed_team_id": TEAM}


def _channel(name: str) -> Body:
    flags = {"is_channel": True, "is_private": False, "is_ext_shared": False, "is_archived": False, "is_member": True}
    return {"id": name, "name": CHANNELS[name], "is_general": name == CHANNEL, **flags}


def _group(name: str) -> Body:
    return {"id": name, "handle": GROUPS[name][0], "name": GROUPS[name][0], "users": list(GROUPS[name][1])}


def _no(error: str, messages: Iterable[str] = ()) -> Body:
    said = list(messages)
    return {"ok": False, "error": error, **({"response_metadata": {"messages": said}} if said else {})}
