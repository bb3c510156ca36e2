// Where something is typed: a command, a mention, or words.

import { el } from "./dom.js";
import { act } from "./server.js";
import { state } from "./store.js";
import { note } from "./notes.js";

const MAX_TYPED = 4000;

// `thread` says which thread it is in, or null.
export function composer(id, thread, label) {
  const hint = `${id}-hint`;
  const typed = el("textarea", {
    id,
    rows: "1",
    maxlength: MAX_TYPED,
    placeholder: label,
    "aria-label": label,
    "aria-describedby": hint,
  });
  const send = el("button", { type: "submit", class: "primary" }, "Send");
  const made = el(
    "form",
    { class: "composer" },
    typed,
    send,
    el("p", { id: hint, class: "unseen" }, "Enter sends, Shift and Enter begins a new line."),
  );
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = typed.value.trim();
    if (!text) return;
    typed.value = "";
    grow();
    const answer = await act("write", { user: state.me, channel: state.about.channel, text, thread_ts: thread() });
    if (answer.ok) return;
    note(answer.error);
    typed.value = text;
  });
  typed.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    made.requestSubmit();
  });
  const grow = () => {
    typed.rows = Math.min(6, typed.value.split("\n").length);
  };
  typed.addEventListener("input", grow);
  return made;
}
