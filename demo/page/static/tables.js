// table and data_table blocks.

import { el } from "./dom.js";
import { richText } from "./rich_text.js";

export function table(block) {
  const [head, ...rows] = block.rows;
  return scrolled(
    "Table",
    el(
      "table",
      {},
      headOf(head),
      el(
        "tbody",
        {},
        rows.map((row) => rowOf(row)),
      ),
    ),
  );
}

export function dataTable(block) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const body = el("tbody", {});
  const where = el("span", { "aria-live": "polite" });
  let page = 0;
  const turn = (step) => {
    page = Math.min(pages - 1, Math.max(0, page + step));
    body.replaceChildren(
      ...rows.slice(page * size, (page + 1) * size).map((row) => rowOf(row, block.row_header_column_index ?? 0)),
    );
    where.textContent = `${page + 1} of ${pages}`;
    back.disabled = page === 0;
    next.disabled = page === pages - 1;
  };
  const back = el(
    "button",
    { type: "button", class: "plain small", "aria-label": "Earlier rows", on: { click: () => turn(-1) } },
    "‹",
  );
  const next = el(
    "button",
    { type: "button", class: "plain small", "aria-label": "Further rows", on: { click: () => turn(1) } },
    "›",
  );
  const made = el(
    "div",
    {},
    scrolled(block.caption, el("table", {}, el("caption", {}, block.caption), headOf(head), body)),
    pages > 1 && el("div", { class: "pages" }, back, where, next),
  );
  turn(0);
  return made;
}

function scrolled(label, inner) {
  return el("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": label }, inner);
}

function headOf(row) {
  return el(
    "thead",
    {},
    el(
      "tr",
      {},
      row.map((cell) => el("th", { scope: "col" }, content(cell))),
    ),
  );
}

function rowOf(row, header = -1) {
  return el(
    "tr",
    {},
    row.map((cell, column) =>
      column === header
        ? el("th", { scope: "row" }, content(cell))
        : el("td", { class: cell.type === "raw_number" && "number" }, content(cell)),
    ),
  );
}

function content(cell) {
  if (cell.type === "rich_text") return richText(cell);
  return cell.type === "raw_number" ? cell.value.toLocaleString("en") : cell.text;
}
