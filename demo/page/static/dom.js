// Elements are made here and nowhere else: text always becomes a text node, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

let numbers = 0;

export function newId(prefix) {
  numbers += 1;
  return `${prefix}-${numbers}`;
}

// Puts `node` in the place of `old` and keeps the focus on what had it, if it is still there.
export function swap(old, node) {
  const focused = old.contains(document.activeElement) ? document.activeElement?.dataset?.key : undefined;
  old.replaceWith(node);
  if (focused) focusKey(node, focused);
}

export function focusKey(node, key) {
  for (const one of node.querySelectorAll("[data-key]")) if (one.dataset.key === key) return one.focus();
}
