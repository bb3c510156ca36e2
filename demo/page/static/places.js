// Where blocks stand: in a message, a whisper, a modal or the Home tab. A place knows what its fields hold and sends
// what is pressed there.

import { act } from "./server.js";
import { state } from "./store.js";
import { note } from "./notes.js";

const folds = new Map();
const typed = new Map();

// `named` is what the server knows the place by; `key` outlives edits, so that folds and fields keep their state.
export function placeOf(key, named) {
  if (!folds.has(key)) folds.set(key, new Map());
  if (!typed.has(key)) typed.set(key, new Map());
  return { key, named, folds: folds.get(key), typed: typed.get(key), fields: new Map() };
}

export function forget(key) {
  folds.delete(key);
  typed.delete(key);
}

// What the fields hold, in the shape of Slack's `state.values`.
export function values(place) {
  const found = {};
  for (const [block, elements] of place.fields) {
    found[block] = {};
    for (const [action, read] of elements) found[block][action] = read();
  }
  return found;
}

export async function press(place, block, element, chosen) {
  const action = { type: element.type, action_id: element.action_id, block_id: block.block_id, ...chosen };
  const answer = await act("press", { user: state.me, place: place.named, action, state: values(place) });
  if (!answer.ok) note(answer.error);
}

export async function options(place, block, element, text) {
  const told = { user: state.me, place: place.named, block: block.block_id, action: element.action_id, typed: text };
  const answer = await act("options", told);
  return answer.ok ? answer.made : [];
}
