// Slack's mrkdwn as nodes. Nothing of it is ever parsed as HTML.
// https://docs.slack.dev/messaging/formatting-message-text

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { spelled } from "./dates.js";
import { nameOf, state, tell } from "./store.js";

const FENCE = /```\n?([\s\S]*?)\n?```/;
const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<angle>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+'-]+):",
    "(?<![\\w*])\\*(?![\\s*])(?<bold>[^\\n]*?[^\\s*])\\*(?![\\w*])",
    "(?<![\\w_])_(?![\\s_])(?<italic>[^\\n]*?[^\\s_])_(?![\\w_])",
    "(?<![\\w~])~(?![\\s~])(?<strike>[^\\n]*?[^\\s~])~(?![\\w~])",
  ].join("|"),
  "u",
);
const TAGS = { bold: "strong", italic: "em", strike: "s" };
const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

export function mrkdwn(text) {
  const made = document.createDocumentFragment();
  let rest = text ?? "";
  for (let found = FENCE.exec(rest); found; found = FENCE.exec(rest)) {
    made.append(...lines(rest.slice(0, found.index).replace(/\n$/, "")), fence(found[1]));
    rest = rest.slice(found.index + found[0].length).replace(/^\n/, "");
  }
  made.append(...lines(rest));
  return made;
}

export function decoded(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}

// The same in words only, for whoever hears it.
export function words(text) {
  const made = el("div", {}, mrkdwn(text));
  for (const image of made.querySelectorAll("[role=img]")) image.replaceWith(image.getAttribute("aria-label"));
  return made.textContent.replace(/\s+/g, " ").trim();
}

function fence(text) {
  return el("pre", { tabindex: "0" }, el("code", {}, decoded(text)));
}

function lines(text) {
  if (!text) return [];
  const made = [];
  let quoted = null;
  text.split("\n").forEach((line, number) => {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote) {
      quoted ??= made[made.push(el("blockquote", {})) - 1];
      if (quoted.childNodes.length) quoted.append(el("br"));
      quoted.append(...inline(quote[1]));
      return;
    }
    if (number && !quoted) made.push(el("br"));
    quoted = null;
    made.push(...inline(line));
  });
  return made;
}

function inline(text) {
  const made = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    made.push(decoded(rest.slice(0, found.index)), token(found.groups));
    rest = rest.slice(found.index + found[0].length);
  }
  made.push(decoded(rest));
  return made.filter((one) => one !== "");
}

function token(groups) {
  if (groups.code !== undefined) return el("code", {}, decoded(groups.code));
  if (groups.angle !== undefined) return angle(groups.angle);
  if (groups.emoji !== undefined) return emoji(groups.emoji);
  const name = Object.keys(TAGS).find((one) => groups[one] !== undefined);
  return el(TAGS[name], {}, ...inline(groups[name]));
}

function angle(text) {
  const [target, label] = split(text);
  if (target.startsWith("@")) return mention(`@${nameOf(target.slice(1))}`, target.slice(1) === state.me);
  if (target.startsWith("#")) return mention(`#${state.about.channels[target.slice(1)] ?? "private"}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return mention(`@${state.about.groups[target.slice(9)] ?? label ?? "group"}`);
  if (target.startsWith("!")) return mention(`@${label ?? target.slice(1)}`);
  return link(decoded(target), decoded(label ?? target));
}

function split(text) {
  const bar = text.indexOf("|");
  return bar < 0 ? [text, undefined] : [text.slice(0, bar), text.slice(bar + 1)];
}

export function mention(text, isMe = false) {
  return el("span", { class: isMe ? "mention me" : "mention" }, text);
}

function date(target, label) {
  const [, seconds, format] = target.split("^");
  const shown = Number.isFinite(Number(seconds)) ? spelled(Number(seconds), format ?? "{date_short} {time}") : label;
  return el("time", { title: label, datetime: new Date(Number(seconds) * 1000).toISOString() }, shown);
}

// Only http, https and mail; a link to a message of this workspace opens it here.
export function link(address, label) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return label;
  }
  if (!["http:", "https:", "mailto:"].includes(url.protocol)) return label;
  if (url.origin === location.origin && url.pathname.startsWith("/archives/")) {
    const go = (event) => {
      event.preventDefault();
      tell("permalink", url);
    };
    return el("a", { href: url.href, on: { click: go } }, label);
  }
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function textObject(text) {
  if (!text) return "";
  if (typeof text === "string") return text;
  return text.type === "mrkdwn" ? mrkdwn(text.text) : plain(text);
}

// Plain text has emoji, unless it says that it has none.
function plain(text) {
  if (text.emoji === false) return text.text ?? "";
  const made = document.createDocumentFragment();
  const parts = (text.text ?? "").split(/:([a-z0-9_+'-]+):/u);
  made.append(...parts.map((part, number) => (number % 2 ? emoji(part) : part)));
  return made;
}
