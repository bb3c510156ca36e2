// The bot's Home tab.

import { blocks } from "./blocks.js";
import { el, swap } from "./dom.js";
import { placeOf } from "./places.js";
import { nameOf, on, state } from "./store.js";

export function home() {
  const pane = document.getElementById("home");
  let inside = el("div", { class: "list" });
  pane.append(el("h2", {}, "alb502 ", el("small", {}, "Home")), inside);
  const draw = () => {
    const body = state.homes.get(state.me);
    const place = body && placeOf(`home ${state.me}`, { view: body.view.id });
    const made = el(
      "div",
      { class: "list" },
      body
        ? blocks(body.view.blocks, place)
        : el("p", { class: "welcome" }, `The bot has not published a Home tab for ${nameOf(state.me)} yet.`),
    );
    swap(inside, made);
    inside = made;
  };
  on("home", ({ id }) => id === state.me && draw());
  on("me", draw);
  draw();
}
