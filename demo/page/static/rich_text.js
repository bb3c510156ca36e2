// rich_text blocks. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { spelled } from "./dates.js";
import { link, mention } from "./mrkdwn.js";
import { nameOf, state } from "./store.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

export function richText(block) {
  return el("div", { class: "rich" }, (block.elements ?? []).map(part));
}

function part(one) {
  const pieces = () => (one.elements ?? []).map(piece);
  if (one.type === "rich_text_preformatted") return el("pre", { tabindex: "0" }, el("code", {}, pieces()));
  if (one.type === "rich_text_quote") return el("blockquote", {}, pieces());
  if (one.type === "rich_text_list") {
    const items = (one.elements ?? []).map((item) => el("li", {}, (item.elements ?? []).map(piece)));
    return el(one.style === "ordered" ? "ol" : "ul", {}, items);
  }
  return el("div", { class: "text" }, pieces());
}

function piece(one) {
  const styles = Object.keys(STYLES).filter((name) => one.style?.[name]);
  return styles.reduce((inner, name) => el(STYLES[name], {}, inner), bare(one));
}

function bare(one) {
  if (one.type === "link") return link(one.url, one.text ?? one.url);
  if (one.type === "emoji") return emoji(one.name);
  if (one.type === "user") return mention(`@${nameOf(one.user_id)}`, one.user_id === state.me);
  if (one.type === "usergroup") return mention(`@${state.about.groups[one.usergroup_id] ?? "group"}`);
  if (one.type === "channel") return mention(`#${state.about.channels[one.channel_id] ?? "private"}`);
  if (one.type === "broadcast") return mention(`@${one.range}`);
  if (one.type === "date") return el("time", { title: one.fallback }, spelled(one.timestamp, one.format));
  return one.text ?? "";
}
