// Fields of modals, Home tabs and messages, each with what it holds in Slack's shape.

import { el, newId } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { options, press } from "./places.js";
import { state } from "./store.js";

const ENTRY_TYPES = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "text",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};
const VALUE_NAMES = { datepicker: "selected_date", timepicker: "selected_time" };

// An input block: label, field, hint, and room for what is wrong.
export function field(block, place) {
  const id = newId("field");
  const hint = block.hint && el("p", { class: "hint", id: `${id}-hint` }, textObject(block.hint));
  const error = el("p", { class: "error", id: `${id}-error`, role: "alert" });
  const described = [hint && hint.id, error.id].filter(Boolean).join(" ");
  const label = [textObject(block.label), block.optional ? el("small", {}, " (optional)") : null];
  const made = input(block.element, place, block, {
    id,
    described,
    label,
    required: !block.optional,
    sends: block.dispatch_action,
  });
  const isGroup = made.tagName === "FIELDSET";
  return el(
    "div",
    { class: "field", "data-block": block.block_id },
    !isGroup && el("label", { for: id }, label),
    made,
    hint,
    error,
  );
}

export function input(one, place, block, given) {
  if (one.type === "radio_buttons" || one.type === "checkboxes") return choices(one, place, block, given);
  if (one.type.startsWith("external_") || one.type.startsWith("multi_external"))
    return searched(one, place, block, given);
  if (one.type.endsWith("_select")) return selected(one, place, block, given);
  if (ENTRY_TYPES[one.type]) return entry(one, place, block, given);
  return el("span", { class: "unknown" }, `[an element of type ${one.type}]`);
}

function register(one, place, block, read) {
  if (!place.fields.has(block.block_id)) place.fields.set(block.block_id, new Map());
  place.fields.get(block.block_id).set(one.action_id, () => ({ type: one.type, ...read() }));
}

// What was typed outlives a redrawn view, as long as block and element keep their names.
function remembered(one, place, block) {
  const key = `${block.block_id} ${one.action_id}`;
  return { get: () => place.typed.get(key), set: (value) => place.typed.set(key, value) };
}

function attributes(one, given) {
  return {
    id: given.id,
    "aria-describedby": given.described,
    "aria-required": given.required ? "true" : undefined,
    "aria-label": given.id ? undefined : (one.placeholder?.text ?? "Choose"),
    "data-key": one.action_id,
  };
}

function entry(one, place, block, given) {
  const memory = remembered(one, place, block);
  const props = { ...attributes(one, given), maxlength: one.max_length, placeholder: one.placeholder?.text };
  const made = one.multiline
    ? el("textarea", { ...props, rows: "4" })
    : el("input", { ...props, type: ENTRY_TYPES[one.type], autocomplete: "off" });
  made.value = memory.get() ?? one.initial_value ?? one.initial_date ?? one.initial_time ?? "";
  made.addEventListener("input", () => memory.set(made.value));
  register(one, place, block, () => ({ [VALUE_NAMES[one.type] ?? "value"]: made.value || null }));
  if (given.sends) made.addEventListener("change", () => press(place, block, one, { value: made.value }));
  return made;
}

function choices(one, place, block, given) {
  const memory = remembered(one, place, block);
  const single = one.type === "radio_buttons";
  const initial = single ? [one.initial_option] : (one.initial_options ?? []);
  const chosen = memory.get() ?? initial.filter(Boolean).map((option) => option.value);
  const name = newId("choice");
  const boxes = one.options.map((option) => {
    const box = el("input", {
      type: single ? "radio" : "checkbox",
      name,
      value: option.value,
      "data-key": `${one.action_id} ${option.value}`,
    });
    box.checked = chosen.includes(option.value);
    return { option, box };
  });
  const read = () => boxes.filter(({ box }) => box.checked).map(({ option }) => option);
  const shape = () => (single ? { selected_option: read()[0] ?? null } : { selected_options: read() });
  register(one, place, block, shape);
  const made = el(
    "fieldset",
    { "aria-describedby": given.described },
    el("legend", { class: given.label ? undefined : "unseen" }, given.label ?? "Choose"),
    boxes.map(({ option, box }) =>
      el(
        "label",
        { class: "choice" },
        box,
        el("span", {}, textObject(option.text), option.description && el("small", {}, textObject(option.description))),
      ),
    ),
  );
  made.addEventListener("change", () => {
    memory.set(read().map((option) => option.value));
    if (given.sends) press(place, block, one, shape());
  });
  return made;
}

// Static menus, and those of people and channels, which the workspace fills.
function selected(one, place, block, given) {
  const many = one.type.startsWith("multi_");
  const kind = one.type.replace("multi_", "").replace("_select", "");
  const offered = offeredBy(kind, one);
  const memory = remembered(one, place, block);
  const initial = [
    one.initial_option?.value ?? one[`initial_${kind.replace(/s$/, "")}`],
    ...(one.initial_options ?? []).map((option) => option.value),
  ];
  const made = el(
    "select",
    { ...attributes(one, given), multiple: many },
    !many && el("option", { value: "" }, one.placeholder?.text ?? "Choose…"),
    grouped(offered),
  );
  const chosen = memory.get() ?? initial.filter(Boolean);
  for (const option of made.options) option.selected = chosen.includes(option.value);
  const read = () => [...made.selectedOptions].map((option) => option.value).filter(Boolean);
  const shape = () => shapeOf(kind, many, read(), offered);
  register(one, place, block, shape);
  made.addEventListener("change", () => {
    memory.set(read());
    if (given.sends && read().length) press(place, block, one, shape());
  });
  return made;
}

function offeredBy(kind, one) {
  const named = (entries) => [
    { options: entries.map(([value, text]) => ({ value, text: { type: "plain_text", text } })) },
  ];
  if (kind === "users") return named(Object.entries(state.about.users));
  if (kind === "channels" || kind === "conversations")
    return named(Object.entries(state.about.channels).map(([id, name]) => [id, `#${name}`]));
  return one.option_groups ?? [{ options: one.options ?? [] }];
}

function grouped(offered) {
  const made = (group) => group.options.map((option) => el("option", { value: option.value }, option.text.text));
  return offered.map((group) => (group.label ? el("optgroup", { label: group.label.text }, made(group)) : made(group)));
}

function shapeOf(kind, many, found, offered) {
  if (kind === "static" || kind === "external") {
    const all = offered.flatMap((group) => group.options).filter((option) => found.includes(option.value));
    return many ? { selected_options: all } : { selected_option: all[0] ?? null };
  }
  const name = kind.replace(/s$/, "");
  return many ? { [`selected_${kind}`]: found } : { [`selected_${name}`]: found[0] ?? null };
}

// A menu that the bot fills while somebody types.
function searched(one, place, block, given) {
  const found = el("select", { "aria-label": "What was found", size: "5", hidden: true });
  const typedIn = el("input", {
    ...attributes(one, given),
    type: "text",
    autocomplete: "off",
    placeholder: one.placeholder?.text ?? "Type to search",
  });
  let offered = one.initial_option ? [one.initial_option] : [];
  let chosen = one.initial_option ?? null;
  let asked = 0;
  typedIn.value = chosen?.text.text ?? "";
  const ask = async () => {
    const mine = (asked += 1);
    const made = await options(place, block, one, typedIn.value);
    if (mine !== asked) return;
    offered = made;
    found.replaceChildren(...grouped([{ options: offered }]).flat());
    found.hidden = !offered.length;
  };
  typedIn.addEventListener("input", () => {
    chosen = null;
    if (typedIn.value.length >= (one.min_query_length ?? 3)) ask();
  });
  if (!(one.min_query_length ?? 3)) typedIn.addEventListener("focus", ask);
  found.addEventListener("change", () => {
    chosen = offered.find((option) => option.value === found.value) ?? null;
    typedIn.value = chosen?.text.text ?? "";
    found.hidden = true;
    if (given.sends && chosen) press(place, block, one, { selected_option: chosen });
  });
  register(one, place, block, () => ({ selected_option: chosen }));
  return el("span", { class: "searched" }, typedIn, found);
}

// Shows what is wrong at the fields; returns whether one of them took it.
export function complain(root, errors) {
  let taken = false;
  for (const box of root.querySelectorAll("[data-block]")) {
    const text = errors[box.dataset.block];
    box.querySelector(".error").textContent = text ?? "";
    const entered = box.querySelector("input, select, textarea");
    if (!text) entered?.removeAttribute("aria-invalid");
    else {
      entered?.setAttribute("aria-invalid", "true");
      if (!taken) entered?.focus();
      taken = true;
    }
  }
  return taken;
}
