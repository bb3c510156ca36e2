// The question before an action is sent.

import { el, newId } from "./dom.js";
import { textObject } from "./mrkdwn.js";

// Whether the person confirmed.
export function confirmed(asked) {
  return new Promise((answer) => {
    const title = newId("confirm");
    const text = newId("confirm");
    const done = (said) => {
      made.close();
      made.remove();
      answer(said);
    };
    const made = el(
      "dialog",
      { class: "confirm", "aria-labelledby": title, "aria-describedby": text },
      el("h2", { id: title }, textObject(asked.title)),
      el("div", { id: text }, textObject(asked.text)),
      el(
        "footer",
        {},
        el("button", { type: "button", class: "plain", on: { click: () => done(false) } }, textObject(asked.deny)),
        el(
          "button",
          { type: "button", class: asked.style ?? "primary", on: { click: () => done(true) } },
          textObject(asked.confirm),
        ),
      ),
    );
    made.addEventListener("cancel", (event) => {
      event.preventDefault();
      done(false);
    });
    document.body.append(made);
    made.showModal();
  });
}
