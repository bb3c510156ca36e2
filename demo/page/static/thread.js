// The thread beside the channel.

import { composer } from "./composer.js";
import { el } from "./dom.js";
import { message, whisper } from "./message.js";
import { inThread, on, state, tell, whispersIn } from "./store.js";
import { Timeline } from "./timeline.js";
import { show } from "./views.js";

export function thread() {
  const pane = document.getElementById("thread");
  const list = el("div", { class: "list", tabindex: "-1" });
  const close = el("button", { type: "button", class: "plain small", "aria-label": "Close the thread" }, "×");
  const head = el("h2", {}, "Thread", close);
  pane.append(
    head,
    list,
    composer("composer-thread", () => state.thread?.ts ?? null, "Reply, or @alb502 …"),
  );
  const timeline = new Timeline(list);
  const draw = (jump) => {
    if (!state.thread) return;
    const parent = state.messages.get(`${state.thread.channel}:${state.thread.ts}`);
    if (!parent) return shut();
    timeline.show([drawn(parent), ...inThread(parent).map(drawn), ...whispers(parent)], { jump });
  };
  const open = (parent, { quietly = false } = {}) => {
    const other = state.thread?.ts !== parent.ts;
    state.thread = { channel: parent.channel, ts: parent.thread_ts ?? parent.ts };
    pane.hidden = false;
    document.body.classList.add("with-thread");
    if (other) timeline.clear();
    draw(false);
    show("thread");
    if (!quietly) list.focus({ preventScroll: true });
    if (other) list.scrollTop = 0;
  };
  const shut = () => {
    const ts = state.thread?.ts;
    state.thread = null;
    pane.hidden = true;
    document.body.classList.remove("with-thread");
    timeline.clear();
    show("channel");
    document.querySelector(`[data-key="thread ${ts}"]`)?.focus();
  };
  close.addEventListener("click", shut);
  pane.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) shut();
  });
  let due = 0;
  const soon = () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(() => draw(false));
  };
  on("open", ({ parent, quietly }) => open(parent, { quietly }));
  on("message", soon);
  on("whisper", soon);
  on("me", () => (timeline.clear(), draw(true)));
  on("permalink", (url) => {
    const [, , name, stamp] = url.pathname.split("/");
    const ts = url.searchParams.get("thread_ts") ?? stamp.replace(/^p(\d+)(\d{6})$/, "$1.$2");
    const parent = state.messages.get(`${name}:${ts}`);
    if (parent) tell("open", { parent });
  });
}

function drawn(body) {
  return {
    key: body.ts,
    ts: body.ts,
    version: `${body.edited?.ts ?? ""} ${(body.reactions ?? []).join()}`,
    make: () => message(body),
  };
}

function whispers(parent) {
  return whispersIn(parent).map(([id, body]) => ({
    key: id,
    ts: body.ts,
    version: body.ts,
    make: () => whisper(id, body),
  }));
}
