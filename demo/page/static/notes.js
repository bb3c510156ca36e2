// Passing words: what did not work, and what the workspace says to one person.

import { el } from "./dom.js";

const SHOWN_MS = 9000;

export function note(text) {
  const made = el(
    "p",
    { class: "note" },
    text,
    el("button", { type: "button", class: "small", "aria-label": "Dismiss", on: { click: () => made.remove() } }, "×"),
  );
  document.getElementById("notes").append(made);
  setTimeout(() => made.remove(), SHOWN_MS);
}

// For screen readers only.
export function say(text) {
  const heard = document.getElementById("heard");
  heard.append(el("p", {}, text));
  while (heard.childNodes.length > 5) heard.firstChild.remove();
}
