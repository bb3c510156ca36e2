// The emoji that the bot and alarm posts use, by Slack's names.

import { el } from "./dom.js";

const DOTS = {
  red_circle: "red",
  large_orange_circle: "orange",
  large_yellow_circle: "yellow",
  large_green_circle: "green",
  white_circle: "white",
  large_blue_circle: "blue",
  black_circle: "black",
};

const CHARACTERS = {
  arrow_forward: "▶",
  arrows_counterclockwise: "🔄",
  bell: "🔔",
  bulb: "💡",
  chart_with_upwards_trend: "📈",
  clipboard: "📋",
  clock1: "🕐",
  construction: "🚧",
  eyes: "👀",
  exclamation: "❗",
  fire: "🔥",
  gear: "⚙️",
  hammer_and_wrench: "🛠️",
  heavy_check_mark: "✔",
  hourglass: "⌛",
  hourglass_flowing_sand: "⏳",
  information_source: "ℹ️",
  leftwards_arrow_with_hook: "↩",
  link: "🔗",
  lock: "🔒",
  mag: "🔍",
  memo: "📝",
  mute: "🔇",
  no_bell: "🔕",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  page_facing_up: "📄",
  pushpin: "📌",
  question: "❓",
  raised_hand: "✋",
  raising_hand: "🙋",
  rotating_light: "🚨",
  shield: "🛡️",
  sos: "🆘",
  speech_balloon: "💬",
  stopwatch: "⏱️",
  thumbsdown: "👎",
  thumbsup: "👍",
  "+1": "👍",
  "-1": "👎",
  twisted_rightwards_arrows: "🔀",
  unlock: "🔓",
  warning: "⚠️",
  wave: "👋",
  white_check_mark: "✅",
  wrench: "🔧",
  x: "❌",
  zzz: "💤",
};

export function emoji(name) {
  const label = name.replaceAll("_", " ");
  if (DOTS[name]) return el("span", { class: `dot ${DOTS[name]}`, role: "img", "aria-label": label });
  if (CHARACTERS[name]) return el("span", { class: "emoji", role: "img", "aria-label": label }, CHARACTERS[name]);
  return `:${name}:`;
}
