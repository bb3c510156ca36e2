// data_visualization blocks as SVG, with the same numbers as a table for whoever cannot see it.

import { el, newId, svg } from "./dom.js";

const WIDTH = 560;
const HEIGHT = 190;
const LEFT = 40;
const BOTTOM = 40;
const TOP = 8;
const LABELS = 7;

export function chart(block) {
  const { type, series = [], axis_config: axis = {} } = block.chart;
  const categories = axis.categories ?? [];
  const id = newId("chart");
  const stacked = type === "bar";
  const totals = categories.map((_, at) => series.reduce((sum, one) => sum + one.data[at].value, 0));
  const most = Math.max(1, ...(stacked ? totals : series.flatMap((one) => one.data.map((point) => point.value))));
  const top = nice(most);
  const scale = {
    x: (at) => LEFT + ((WIDTH - LEFT) * (at + 0.5)) / Math.max(1, categories.length),
    y: (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top),
  };
  const drawn = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": id },
    grid(top, scale),
    labels(categories, scale),
    stacked
      ? bars(series, categories, scale)
      : series.map((one, number) => line(one, number, scale, type === "area", top)),
  );
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", { id }, block.title),
    drawn,
    legend(series, axis),
    el("details", { class: "as-table" }, el("summary", {}, "As a table"), asTable(block.title, series, categories)),
  );
}

function nice(most) {
  const step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((one) => one * step).find((one) => one >= most);
}

function grid(top, scale) {
  return [0, 0.5, 1].map((share) =>
    svg(
      "g",
      { class: "grid" },
      svg("line", { x1: LEFT, x2: WIDTH, y1: scale.y(top * share), y2: scale.y(top * share) }),
      svg("text", { x: LEFT - 6, y: scale.y(top * share) + 4, "text-anchor": "end" }, short(top * share)),
    ),
  );
}

function short(value) {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

// As many labels as there is room for, and those that say more than a time.
function labels(categories, scale) {
  const every = Math.ceil(categories.length / LABELS);
  const said = categories.map((label, at) => (label.includes(" ") ? at : -1)).filter((at) => at >= 0);
  return categories.map((label, at) => {
    const near = said.some((one) => one !== at && Math.abs(one - at) < Math.max(2, every));
    if (!said.includes(at) && (at % every || near)) return null;
    const [time, ...more] = label.split(" ");
    return svg(
      "g",
      { class: said.includes(at) ? "label said" : "label" },
      svg("text", { x: scale.x(at), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, time),
      more.length
        ? svg("text", { x: scale.x(at), y: HEIGHT - BOTTOM + 31, "text-anchor": "middle" }, more.join(" "))
        : null,
    );
  });
}

function bars(series, categories, scale) {
  const width = ((WIDTH - LEFT) / Math.max(1, categories.length)) * 0.7;
  return categories.map((_, at) => {
    let below = 0;
    return series.map((one, number) => {
      const { value } = one.data[at];
      const made = svg("rect", {
        class: `series s${number}`,
        x: scale.x(at) - width / 2,
        width,
        y: scale.y(below + value),
        height: Math.max(0, scale.y(below) - scale.y(below + value)),
      });
      below += value;
      return made;
    });
  });
}

function line(one, number, scale, filled, top) {
  const points = one.data.map((point, at) => `${scale.x(at)},${scale.y(point.value)}`);
  const ground =
    filled &&
    svg("polygon", {
      class: `area s${number}`,
      points: [`${scale.x(0)},${scale.y(0)}`, ...points, `${scale.x(one.data.length - 1)},${scale.y(0)}`].join(" "),
    });
  return [ground || null, svg("polyline", { class: `line s${number}`, points: points.join(" ") })];
}

function legend(series, axis) {
  return el(
    "ul",
    { class: "legend" },
    series.map((one, number) => el("li", {}, el("span", { class: `key s${number}`, "aria-hidden": "true" }), one.name)),
    axis.y_label && el("li", { class: "axis" }, `${axis.y_label}${axis.x_label ? `, ${axis.x_label}` : ""}`),
  );
}

function asTable(title, series, categories) {
  return el(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": `${title}, as a table` },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "when"),
          series.map((one) => el("th", { scope: "col" }, one.name)),
        ),
      ),
      el(
        "tbody",
        {},
        categories.map((label, at) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, label),
            series.map((one) => el("td", { class: "number" }, one.data[at].value)),
          ),
        ),
      ),
    ),
  );
}
