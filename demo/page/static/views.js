// Which part is looked at: on a wide screen several at once, on a phone one.

import { el } from "./dom.js";
import { act } from "./server.js";
import { on, state, tell } from "./store.js";

const NAMES = { channel: "Channel", thread: "Thread", home: "App Home", world: "The world" };

export function show(name) {
  document.body.dataset.view = name;
  document.getElementById("home").hidden = name !== "home";
  for (const tab of document.querySelectorAll("#tabs button")) {
    tab.toggleAttribute("aria-current", tab.dataset.view === name);
    if (tab.dataset.view === "thread") tab.hidden = !state.thread;
  }
  if (name === "home") act("home", { user: state.me });
  tell("view", name);
}

export function tabs() {
  const made = Object.entries(NAMES).map(([name, label]) =>
    el("button", { type: "button", "data-view": name, on: { click: () => show(name) } }, label),
  );
  document.getElementById("tabs").append(...made);
  show("channel");
  on("me", () => document.body.dataset.view === "home" && show("home"));
}
