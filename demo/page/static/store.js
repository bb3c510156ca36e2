// What there is to see, and who looks. Others are told what changed.

const listeners = new Map();

export const state = {
  about: null,
  me: "",
  thread: null,
  messages: new Map(),
  whispers: new Map(),
  modals: new Map(),
  homes: new Map(),
  world: null,
};

export function on(what, listener) {
  if (!listeners.has(what)) listeners.set(what, []);
  listeners.get(what).push(listener);
}

export function tell(what, detail) {
  for (const listener of listeners.get(what) ?? []) listener(detail);
}

const KEPT = { message: "messages", whisper: "whispers", modal: "modals", home: "homes" };

export function take({ kind, id, body }) {
  if (kind === "world") state.world = body;
  const kept = state[KEPT[kind]];
  const before = kept?.get(id);
  if (body === null) kept?.delete(id);
  else kept?.set(id, body);
  tell(kind, { id, body, before });
}

export function nameOf(user) {
  return state.about.users[user] ?? "somebody";
}

export function become(user) {
  state.me = user;
  try {
    sessionStorage.setItem("me", user);
  } catch {
    // A browser that keeps nothing forgets who somebody was; nothing else is lost.
  }
  tell("me");
}

export function inThread(parent) {
  return [...state.messages.values()]
    .filter((one) => one.channel === parent.channel && one.thread_ts === parent.ts && one.ts !== parent.ts)
    .sort(byTime);
}

// What only the person who looks was told in this thread.
export function whispersIn(parent) {
  return [...state.whispers].filter(([, one]) => one.user === state.me && one.thread_ts === parent.ts);
}

export function byTime(one, other) {
  return Number(one.ts) - Number(other.ts);
}
