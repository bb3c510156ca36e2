// Slack's newer blocks: folded containers, plans with their tasks, alerts, feedback.

import { el, newId } from "./dom.js";
import { element } from "./elements.js";
import { textObject } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

const SIGNS = { pending: "○", in_progress: "◐", complete: "●", error: "✕" };
const SAID = { pending: "waiting", in_progress: "under way", complete: "done", error: "failed" };

export function container(block, place, blocks) {
  const title = [
    el("span", { class: "title" }, block.rich_text_title ? richText(block.rich_text_title) : textObject(block.title)),
    block.subtitle && el("span", { class: "subtitle" }, textObject(block.subtitle)),
  ];
  const inside = el("div", { class: "inside" }, blocks(block.child_blocks, place));
  if (!block.is_collapsible) return el("div", { role: "group" }, el("div", { class: "head" }, title), inside);
  const key = `fold ${block.title?.text ?? block.block_id}`;
  const open = place.folds?.get(key) ?? !block.default_collapsed;
  const made = el("details", { open }, el("summary", { "data-key": key }, title), inside);
  made.addEventListener("toggle", () => place.folds?.set(key, made.open));
  return made;
}

export function plan(block) {
  const id = newId("plan");
  const title = typeof block.title === "string" ? block.title : textObject(block.title);
  return el(
    "div",
    {},
    el("p", { class: "plan-title", id }, title),
    el("ul", { class: "plan", "aria-labelledby": id }, (block.tasks ?? []).map(taskCard)),
  );
}

export function taskCard(task) {
  const state = task.status ?? "pending";
  return el(
    "li",
    { class: `task ${state}` },
    el("span", { class: "sign", role: "img", "aria-label": SAID[state] }, SIGNS[state]),
    el("span", { class: "title" }, task.title),
    task.details && el("div", { class: "details" }, richText(task.details)),
    task.output && el("div", { class: "details" }, richText(task.output)),
  );
}

export function alert(block) {
  return el("div", { class: `alert ${block.level ?? "default"}`, role: "note" }, textObject(block.text));
}

export function contextActions(block, place) {
  return el(
    "div",
    { role: "group", "aria-label": "Feedback" },
    block.elements.map((one) => element(one, place, block)),
  );
}
