// What can be pressed or chosen in a block. Fields that are typed in are in fields.js.
// https://docs.slack.dev/reference/block-kit/block-elements

import { confirmed } from "./confirm.js";
import { el } from "./dom.js";
import { input } from "./fields.js";
import { menu } from "./menu.js";
import { textObject } from "./mrkdwn.js";
import { press } from "./places.js";

const KINDS = {
  button,
  overflow,
  image,
  feedback_buttons: feedback,
  icon_button: icon,
};

export function element(one, place, block) {
  const make = KINDS[one.type];
  if (make) return make(one, place, block);
  return el("span", { class: "field" }, input(one, place, block, { sends: true }));
}

export function keyOf(block, one) {
  return `${block.block_id?.startsWith("b0") ? "" : block.block_id} ${one.action_id}`;
}

async function send(node, one, place, block, chosen) {
  if (one.confirm && !(await confirmed(one.confirm))) return;
  node.setAttribute("aria-busy", "true");
  await press(place, block, one, chosen);
  node.removeAttribute("aria-busy");
}

function button(one, place, block) {
  const props = {
    type: "button",
    class: one.style ?? "plain",
    "data-key": keyOf(block, one),
    "data-action": one.action_id,
    "aria-label": one.accessibility_label,
  };
  const made = el("button", props, textObject(one.text));
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-busy")) return;
    if (one.url && /^https?:/.test(one.url)) window.open(one.url, "_blank", "noopener,noreferrer");
    send(made, one, place, block, { text: one.text, value: one.value });
  });
  return made;
}

function overflow(one, place, block) {
  const items = one.options.map((option) => ({ label: textObject(option.text), chosen: option }));
  return menu(
    "More actions",
    "⋯",
    items,
    (option, node) => send(node, one, place, block, { selected_option: option }),
    keyOf(block, one),
  );
}

function image(one) {
  return el("span", { class: "picture", role: "img", "aria-label": one.alt_text }, `[${one.alt_text}]`);
}

function feedback(one, place, block) {
  const part = (pressed, sign) => {
    const label = pressed.accessibility_label ?? pressed.text.text;
    const made = el(
      "button",
      { type: "button", class: "plain", "aria-label": label, "data-key": `${keyOf(block, one)} ${pressed.value}` },
      el("span", { "aria-hidden": "true" }, `${sign} `),
      textObject(pressed.text),
    );
    made.addEventListener("click", () => send(made, one, place, block, { text: pressed.text, value: pressed.value }));
    return made;
  };
  return el("span", { class: "feedback" }, part(one.positive_button, "👍"), part(one.negative_button, "👎"));
}

function icon(one, place, block) {
  const made = el(
    "button",
    { type: "button", class: "plain", "aria-label": one.accessibility_label ?? one.text.text },
    textObject(one.text),
  );
  made.addEventListener("click", () => send(made, one, place, block, { value: one.value }));
  return made;
}
