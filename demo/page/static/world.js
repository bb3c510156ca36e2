// The world beside the channel: what there is, how it is, and ways to break and mend it.

import { el, svg, swap } from "./dom.js";
import { act } from "./server.js";
import { on, state } from "./store.js";
import { note } from "./notes.js";

const WIDTH = 300;
const HEIGHT = 64;
const folds = new Map();

export function world() {
  const pane = document.getElementById("world");
  const ring = el("button", { type: "button", class: "primary wide", id: "ring" }, "Let an alarm arrive");
  ring.addEventListener("click", () => ask("alarm", {}, ring));
  let inside = el("div", { class: "inside" }, el("p", {}, "Looking…"));
  pane.append(
    el("h2", { id: "world-name" }, "The world ", el("small", {}, "a simulated AWS")),
    el("div", { class: "list" }, ring, inside),
  );
  on("world", () => {
    const made = el("div", { class: "inside" }, drawn(state.world));
    swap(inside, made);
    inside = made;
  });
}

async function ask(what, told, node) {
  node.setAttribute("aria-busy", "true");
  const answer = await act(what, told);
  node.removeAttribute("aria-busy");
  if (!answer.ok) note(answer.error);
}

function drawn(all) {
  return [
    all.service && summary(all.service),
    part("Traffic", traffic(all.traffic), true),
    all.faults.length > 0 && part("Break and mend", faults(all.faults), true),
    part("Targets", targets(all.targets), true),
    all.tasks.length > 0 && part("Tasks", tasks(all.tasks)),
    part("Listener rules", rules(all.rules)),
    all.groups.length > 0 && part("Security groups", groups(all.groups)),
  ];
}

function part(title, inside, open = false) {
  const made = el(
    "details",
    { open: folds.get(title) ?? open },
    el("summary", { "data-key": `world ${title}` }, title),
    inside,
  );
  made.addEventListener("toggle", () => folds.set(title, made.open));
  return made;
}

function summary(service) {
  const starting = service.starting ? `, ${service.starting} starting` : "";
  return el(
    "p",
    { class: "summary" },
    el("strong", {}, service.name),
    ` runs ${service.running} of ${service.desired} tasks${starting} `,
    el("code", {}, service.image),
  );
}

function traffic({ every_s: every, intervals }) {
  const whole = intervals.slice(0, -1);
  const last = whole.at(-1) ?? intervals.at(-1);
  const most = Math.max(1, ...whole.map((one) => one.requests));
  const step = WIDTH / 30;
  const bar = (one, at) => {
    const tall = (HEIGHT * one.requests) / most;
    const bad = (HEIGHT * one.errors) / most;
    const x = WIDTH - (whole.length - at) * step;
    return [
      svg("rect", { class: "requests", x, y: HEIGHT - tall, width: step - 2, height: tall }),
      svg("rect", { class: "errors", x, y: HEIGHT - bad, width: step - 2, height: bad }),
    ];
  };
  const kinds = Object.entries(last.by_status)
    .filter(([status]) => Number(status) >= 500)
    .map(([status, count]) => `${count} × ${status}`);
  const said = `Last ${every} s: ${last.requests} requests, ${last.errors ? `${last.errors} errors (${kinds.join(", ")})` : "no errors"}`;
  return el(
    "div",
    { class: "traffic" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said }, whole.map(bar)),
    el("p", { class: last.errors ? "bad" : "good" }, said),
  );
}

function faults(list) {
  return el(
    "ul",
    { class: "faults" },
    list.map((fault) => {
      const mends = fault.broken && fault.mends;
      const button = el(
        "button",
        {
          type: "button",
          class: mends ? "plain small mend" : "plain small",
          "data-key": `fault ${fault.name}`,
          "aria-label": `${mends ? "Mend" : "Break"}: ${fault.label}`,
        },
        mends ? "Mend" : "Break",
      );
      button.addEventListener("click", () => ask(mends ? "mend" : "break", { fault: fault.name }, button));
      return el(
        "li",
        { class: fault.broken ? "broken" : "", title: fault.tells, "data-fault": fault.name },
        el("span", {}, fault.label, fault.broken && el("small", {}, " broken now")),
        button,
      );
    }),
  );
}

function targets(list) {
  if (!list.length) return el("p", {}, "No target is registered.");
  return el(
    "ul",
    { class: "rows" },
    list.map((one) =>
      el(
        "li",
        { title: one.why },
        el("span", { class: `state ${one.state}` }, one.state),
        el("code", {}, one.port ? `${one.id}:${one.port}` : one.id),
      ),
    ),
  );
}

function tasks(list) {
  return el(
    "ul",
    { class: "rows" },
    list.map((one) =>
      el(
        "li",
        { title: one.why },
        el(
          "span",
          {
            class: `state ${one.status === "RUNNING" ? "healthy" : one.status === "STOPPED" ? "unhealthy" : "initial"}`,
          },
          one.status.toLowerCase(),
        ),
        el("code", {}, one.id),
        ` revision ${one.revision}`,
        one.why && el("small", {}, one.why),
      ),
    ),
  );
}

function rules(list) {
  return el(
    "ul",
    { class: "rows" },
    list.map((one) => el("li", {}, el("span", { class: "state" }, one.priority), `${one.when}: ${one.then}`)),
  );
}

function groups(list) {
  const lines = (way, rules) =>
    el("li", {}, el("span", { class: "state" }, way), rules.length ? rules.join("; ") : "nothing");
  return list.map((one) =>
    el(
      "div",
      {},
      el("p", {}, `${one.name} `, el("code", {}, one.id)),
      el("ul", { class: "rows" }, lines("in", one.in), lines("out", one.out)),
    ),
  );
}
