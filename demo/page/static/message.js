// One message, or one that a single person sees.

import { blocks } from "./blocks.js";
import { clock } from "./dates.js";
import { el } from "./dom.js";
import { menu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { placeOf } from "./places.js";
import { act } from "./server.js";
import { byTime, inThread, nameOf, state, tell, whispersIn } from "./store.js";
import { note } from "./notes.js";

const NARROW = matchMedia("(max-width: 759px)");

// `options.replies`: show how many answers there are, as in the channel.
export function message(body, options = {}) {
  const place = placeOf(`message ${body.channel} ${body.ts}`, { channel: body.channel, ts: body.ts });
  return shell(
    body,
    { id: `m-${options.replies ? "channel" : "thread"}-${body.ts}`, label: `${nameOf(body.user)}, ${clock(body.ts)}` },
    content(body, place),
    reactions(body),
    options.replies && repliesOf(body),
    shortcutsOf(body),
  );
}

export function whisper(id, body) {
  const named = { whisper: id, channel: body.channel, ts: body.ts, thread_ts: body.thread_ts };
  const dismiss = () => {
    state.whispers.delete(id);
    tell("whisper", { id, body: null, before: body });
  };
  const made = shell(
    { ...body, user: state.about.bot },
    { id: `w-${id}`, label: "alb502, only visible to you" },
    el(
      "p",
      { class: "private" },
      "Only visible to you",
      el("button", { type: "button", class: "link", on: { click: dismiss } }, "Dismiss"),
    ),
    content(body, placeOf(`whisper ${id}`, named)),
  );
  made.classList.add("whisper");
  return made;
}

function shell(body, { id, label }, ...inside) {
  const bot = state.about.bots.includes(body.user);
  return el(
    "article",
    { id, class: "message", "data-ts": body.ts, "aria-label": label },
    el(
      "span",
      {
        class: `face ${body.user === state.about.bot ? "own" : bot ? "other" : `f${face(body.user)}`}`,
        "aria-hidden": "true",
      },
      nameOf(body.user).slice(0, 1).toUpperCase(),
    ),
    el(
      "div",
      { class: "said" },
      el(
        "p",
        { class: "by" },
        el("strong", {}, nameOf(body.user)),
        bot && el("span", { class: "tag" }, "app"),
        el("time", { datetime: new Date(Number(body.ts) * 1000).toISOString() }, clock(body.ts)),
        body.edited && el("span", { class: "edited" }, "edited"),
      ),
      inside,
    ),
  );
}

function face(user) {
  return [...(user ?? "")].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 5;
}

function content(body, place) {
  if (body.blocks?.length) return blocks(body.blocks, place);
  return el("div", { class: "text" }, mrkdwn(body.text));
}

function reactions(body) {
  return body.reactions?.length
    ? el(
        "p",
        { class: "reactions" },
        body.reactions.map((one) => mrkdwn(`:${one}:`)),
      )
    : null;
}

function repliesOf(body) {
  const found = [...inThread(body), ...whispersIn(body).map(([, one]) => one)].sort(byTime);
  const open = { click: () => tell("open", { parent: body }) };
  const props = { type: "button", "data-key": `thread ${body.ts}`, on: open };
  if (!found.length) return el("button", { ...props, class: "link open-thread quiet" }, "Reply in thread");
  const count = found.length === 1 ? "1 reply" : `${found.length} replies`;
  return el("button", { ...props, class: "link open-thread" }, `${count}, last at ${clock(found.at(-1).ts)}`);
}

function shortcutsOf(body) {
  const items = Object.entries(state.about.shortcuts).map(([chosen, label]) => ({ label, chosen }));
  const use = async (chosen) => {
    const answer = await act("shortcut", { user: state.me, channel: body.channel, ts: body.ts, callback_id: chosen });
    if (!answer.ok) note(answer.error);
  };
  const made = menu("More about this message", "⋮", items, use, `shortcuts ${body.ts}`);
  made.classList.add("shortcuts");
  return made;
}

export function isNarrow() {
  return NARROW.matches;
}
