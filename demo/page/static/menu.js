// A button that opens a menu. Arrow keys move, Escape closes.

import { el, newId } from "./dom.js";

const EDGE = 12;

// `items`: [{label, chosen}]; `choose(chosen, button)` hears what was taken.
export function menu(label, sign, items, choose, key) {
  const id = newId("menu");
  const opener = el(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      "data-key": key,
    },
    sign,
  );
  const list = el(
    "div",
    { id, role: "menu", class: "menu", hidden: true, "aria-label": label },
    items.map((item) =>
      el("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => take(item) } }, item.label),
    ),
  );
  const made = el("span", { class: "menu-holder" }, opener, list);

  const show = (shown) => {
    list.hidden = !shown;
    opener.setAttribute("aria-expanded", String(shown));
    if (!shown) return;
    place(made, list);
    list.firstElementChild?.focus();
  };
  const take = (item) => {
    show(false);
    opener.focus();
    choose(item.chosen, opener);
  };
  opener.addEventListener("click", () => show(list.hidden));
  made.addEventListener("focusout", (event) => {
    if (!made.contains(event.relatedTarget)) show(false);
  });
  made.addEventListener("keydown", (event) => {
    const all = [...list.children];
    const at = all.indexOf(document.activeElement);
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      event.preventDefault();
      show(false);
      opener.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return show(true);
      all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length].focus();
    }
  });
  return made;
}

// Below its button, and moved to the left as far as it would stick out of what it stands in.
function place(holder, list) {
  list.style.left = "0px";
  const bounds = holder.closest(".list, dialog, body").getBoundingClientRect();
  const over = list.getBoundingClientRect().right - (bounds.left + bounds.width - EDGE);
  if (over > 0) list.style.left = `${-over}px`;
  list.scrollIntoView({ block: "nearest" });
}
