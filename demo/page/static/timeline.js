// A list of messages that follows what happens: a message that changes is redrawn alone, and the list stays at its end
// when it was there.

import { swap } from "./dom.js";

const NEAR_END = 80;
const GAP = 6;

// `drawn`: [{ts, key, make}] in no order; what is not in it any more goes away.
export class Timeline {
  constructor(list) {
    this.list = list;
    this.nodes = new Map();
  }

  show(drawn, { jump = false } = {}) {
    const atEnd = jump || this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END;
    const wanted = new Set(drawn.map((one) => one.key));
    for (const [key, { node }] of this.nodes) if (!wanted.has(key)) (node.remove(), this.nodes.delete(key));
    let before = null;
    let changed = null;
    for (const one of [...drawn].sort((a, b) => Number(a.ts) - Number(b.ts))) {
      const known = this.nodes.get(one.key)?.node;
      before = this.put(one, before);
      if (before !== known) changed ??= before;
    }
    if (atEnd && (changed || jump)) this.follow(jump ? null : changed);
  }

  // To the end, but never past the beginning of what is new: an answer is read from its first line.
  follow(node) {
    const end = this.list.scrollHeight - this.list.clientHeight;
    const top = node ? node.offsetTop - this.list.offsetTop - GAP : end;
    this.list.scrollTop = Math.min(end, top);
  }

  put({ key, version, make }, before) {
    const known = this.nodes.get(key);
    if (known && known.version === version) return known.node;
    const node = make();
    if (known) swap(known.node, node);
    else if (before) before.after(node);
    else this.list.prepend(node);
    this.nodes.set(key, { node, version });
    return node;
  }

  clear() {
    this.nodes.clear();
    this.list.replaceChildren();
  }
}
