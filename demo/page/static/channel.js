// The channel: what was said outside threads, and the field to say something.

import { composer } from "./composer.js";
import { el } from "./dom.js";
import { message, whisper } from "./message.js";
import { inThread, on, state, whispersIn } from "./store.js";
import { Timeline } from "./timeline.js";

export function channel() {
  const list = el("div", { class: "list", tabindex: "-1" });
  const welcome = el(
    "p",
    { class: "welcome" },
    "Nothing was said yet. Type ",
    el("code", {}, `${state.about.command} ${state.about.target}`),
    " below, or let an alarm arrive.",
  );
  const name = state.about.channels[state.about.channel];
  document.getElementById("channel").append(
    el("h2", { id: "channel-name" }, `# ${name}`, el("small", {}, state.about.scenario)),
    list,
    welcome,
    composer("composer-channel", () => null, `Message #${name}`),
  );
  const timeline = new Timeline(list);
  const draw = (jump) => {
    const drawn = [...messages(), ...whispers()];
    welcome.hidden = drawn.length > 0;
    timeline.show(drawn, { jump });
  };
  let due = 0;
  const soon = () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(() => draw(false));
  };
  on("message", soon);
  on("whisper", soon);
  on("me", () => (timeline.clear(), draw(true)));
  draw(true);
}

function messages() {
  return [...state.messages.values()]
    .filter((one) => one.channel === state.about.channel && (!one.thread_ts || one.thread_ts === one.ts))
    .map((body) => {
      const replies = inThread(body).length + whispersIn(body).length;
      const version = `${body.edited?.ts ?? ""} ${(body.reactions ?? []).join()} ${replies}`;
      return { key: body.ts, ts: body.ts, version, make: () => message(body, { replies: true }) };
    });
}

function whispers() {
  return [...state.whispers]
    .filter(([, one]) => one.user === state.me && !one.thread_ts && one.channel === state.about.channel)
    .map(([id, body]) => ({ key: id, ts: body.ts, version: body.ts, make: () => whisper(id, body) }));
}
