// Blocks as nodes, by their type; what is not known is said, not hidden.
// https://docs.slack.dev/reference/block-kit/blocks

import { el } from "./dom.js";
import { chart } from "./chart.js";
import { element } from "./elements.js";
import { field } from "./fields.js";
import { textObject } from "./mrkdwn.js";
import { alert, container, contextActions, plan, taskCard } from "./newer_blocks.js";
import { richText } from "./rich_text.js";
import { dataTable, table } from "./tables.js";

const KINDS = {
  section,
  header,
  divider,
  context,
  actions,
  image,
  markdown,
  table,
  input: field,
  rich_text: (block) => richText(block),
  container: (block, place) => container(block, place, blocks),
  data_visualization: (block) => chart(block),
  data_table: (block) => dataTable(block),
  plan,
  alert,
  task_card: (block) => el("ul", { class: "plan" }, taskCard(block)),
  context_actions: contextActions,
};

// `place` says where they stand: see places.js.
export function blocks(list, place) {
  return (list ?? []).map((block) => {
    const made = (KINDS[block.type] ?? unknown)(block, place);
    made.classList.add("block", `block-${block.type}`);
    return made;
  });
}

function unknown(block) {
  return el("p", { class: "unknown" }, `[a block of type ${block.type}]`);
}

function section(block, place) {
  const made = el("div", {});
  const body = el("div", { class: "body" });
  if (block.text) body.append(el("div", { class: "text" }, textObject(block.text)));
  if (block.fields)
    body.append(
      el(
        "div",
        { class: "fields" },
        block.fields.map((one) => el("div", {}, textObject(one))),
      ),
    );
  made.append(body);
  if (block.accessory) made.append(el("div", { class: "accessory" }, element(block.accessory, place, block)));
  return made;
}

function header(block) {
  return el("h4", {}, textObject(block.text));
}

function divider() {
  return el("hr", {});
}

function context(block) {
  return el(
    "div",
    {},
    block.elements.map((one) => el("span", {}, one.type === "image" ? picture(one) : textObject(one))),
  );
}

function actions(block, place) {
  return el(
    "div",
    { role: "group", "aria-label": "Actions" },
    block.elements.map((one) => element(one, place, block)),
  );
}

function image(block) {
  return el("figure", {}, picture(block), block.title && el("figcaption", {}, textObject(block.title)));
}

// Pictures would come from elsewhere, and this page asks nobody else for anything.
function picture(one) {
  return el("span", { class: "picture", role: "img", "aria-label": one.alt_text }, `[${one.alt_text}]`);
}

function markdown(block) {
  return el("div", { class: "text pre" }, block.text);
}
