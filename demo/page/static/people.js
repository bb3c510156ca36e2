// Who uses the page. One person asks, another approves: both are here.

import { el } from "./dom.js";
import { become, state } from "./store.js";

export function people() {
  const boxes = state.about.people.map((one) => {
    const box = el("input", { type: "radio", name: "me", value: one.id });
    box.checked = one.id === state.me;
    box.addEventListener("change", () => become(one.id));
    return el("label", { title: one.role }, box, el("span", {}, one.name));
  });
  document.getElementById("people").append(el("fieldset", {}, el("legend", {}, "You are"), boxes));
}

export function remembered() {
  try {
    const kept = sessionStorage.getItem("me");
    if (state.about.people.some((one) => one.id === kept)) return kept;
  } catch {
    // Nothing is kept: the first person it is.
  }
  return state.about.people[0].id;
}
