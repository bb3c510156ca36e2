// Modals: the topmost of the person who looks. The browser's own dialog keeps the focus inside.

import { blocks } from "./blocks.js";
import { el, focusKey, newId } from "./dom.js";
import { complain } from "./fields.js";
import { textObject } from "./mrkdwn.js";
import { forget, placeOf, values } from "./places.js";
import { act } from "./server.js";
import { on, state } from "./store.js";
import { note } from "./notes.js";

let shown = null; // {dialog, view, place}

export function modals() {
  on("modal", ({ id }) => id === state.me && draw());
  on("me", draw);
  draw();
}

function draw() {
  const wanted = state.modals.get(state.me);
  if (!wanted) return shut();
  const { view, errors } = wanted;
  if (shown && shown.view.id === view.id && shown.view.hash === view.hash) return scold(errors);
  const keeps = shown?.view.id === view.id;
  const focused = keeps ? document.activeElement?.dataset?.key : undefined;
  if (!keeps) shut();
  const dialog = shown?.dialog ?? open();
  const place = placeOf(`view ${view.id}`, { view: view.id });
  shown = { dialog, view, place };
  fill(dialog, view, place);
  if (!keeps) enter(dialog);
  else if (focused) focusKey(dialog, focused);
  else if (!dialog.contains(document.activeElement)) enter(dialog);
  scold(errors);
}

function open() {
  const dialog = el("dialog", { class: "modal" });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function fill(dialog, view, place) {
  const title = newId("modal");
  dialog.setAttribute("aria-labelledby", title);
  const form = el(
    "form",
    { novalidate: true },
    el(
      "header",
      {},
      el("h2", { id: title }, textObject(view.title)),
      el(
        "button",
        { type: "button", class: "plain small", "aria-label": "Close", "data-key": "modal-x", on: { click: leave } },
        "×",
      ),
    ),
    el("div", { class: "modal-body", tabindex: "-1", "aria-live": "polite" }, blocks(view.blocks, place)),
    el("p", { class: "error", role: "alert" }),
    el(
      "footer",
      {},
      el(
        "button",
        { type: "button", class: "plain", "data-key": "modal-close", on: { click: leave } },
        textObject(view.close) || "Cancel",
      ),
      view.submit &&
        el("button", { type: "submit", class: "primary", "data-key": "modal-submit" }, textObject(view.submit)),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, view, place);
  });
  dialog.replaceChildren(form);
}

// To the first field where the modal begins with one, else to what is to be read first.
function enter(dialog) {
  const body = dialog.querySelector(".modal-body");
  (body.firstElementChild?.querySelector("input, select, textarea") ?? body).focus();
}

async function submit(form, view, place) {
  const missing = required(view, values(place));
  if (Object.keys(missing).length) return complain(form, missing);
  form.querySelector("[type=submit]").setAttribute("aria-busy", "true");
  const answer = await act("submit", { user: state.me, view: view.id, state: values(place) });
  form.querySelector("[type=submit]")?.removeAttribute("aria-busy");
  if (!answer.ok) note(answer.error);
}

function required(view, held) {
  const missing = {};
  for (const block of view.blocks) {
    if (block.type !== "input" || block.optional) continue;
    const { type, ...value } = held[block.block_id]?.[block.element.action_id] ?? {};
    if (Object.values(value).every((one) => one === null || one === "" || one?.length === 0))
      missing[block.block_id] = "This has to be filled in.";
  }
  return missing;
}

function scold(errors) {
  const all = errors ?? {};
  const taken = complain(shown.dialog, all);
  const own = shown.dialog.querySelector("form > .error");
  own.textContent = all[""] ?? (Object.keys(all).length && !taken ? Object.values(all)[0] : "");
}

async function leave() {
  if (!shown) return;
  const answer = await act("close", { user: state.me, view: shown.view.id });
  if (!answer.ok) shut();
}

function shut() {
  if (!shown) return;
  forget(shown.place.key);
  shown.dialog.close();
  shown.dialog.remove();
  shown = null;
}
