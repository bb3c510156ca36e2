// Brings the page up: who is there, what there is to see, and everything that shows it.

import { channel } from "./channel.js";
import { home } from "./home.js";
import { isNarrow } from "./message.js";
import { modals } from "./modal.js";
import { words } from "./mrkdwn.js";
import { note, say } from "./notes.js";
import { people, remembered } from "./people.js";
import { about, listen } from "./server.js";
import { become, nameOf, on, state, take, tell } from "./store.js";
import { thread } from "./thread.js";
import { tabs } from "./views.js";
import { world } from "./world.js";

const began = Date.now() / 1000;

state.about = await about();
become(remembered());
people();
tabs();
channel();
thread();
home();
modals();
world();
on("message", heard);
on("note", ({ body }) => body?.user === state.me && body.at >= began && note(body.text));
listen(take, (up) => document.body.classList.toggle("cut-off", !up));

// What is new is told to screen readers, and on a wide screen the first answer opens its thread.
function heard({ body, before }) {
  if (!body || Number(body.ts) < began - 1 || body.text === before?.text) return;
  if (body.user !== state.me) say(`${nameOf(body.user)}: ${words(body.text).slice(0, 300)}`);
  if (before || !body.thread_ts || state.thread || isNarrow() || document.body.dataset.view !== "channel") return;
  const parent = state.messages.get(`${body.channel}:${body.thread_ts}`);
  if (parent) tell("open", { parent, quietly: true });
}
