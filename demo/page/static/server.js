// What is asked of the server, and what it tells.

export async function act(name, told) {
  try {
    const response = await fetch(`/act/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(told),
    });
    return await response.json();
  } catch {
    return { ok: false, error: "The demo does not answer. Is it still running?" };
  }
}

export async function about() {
  return (await fetch("/about")).json();
}

// Calls `changed` with {kind, id, body}; body null: it is gone. `connected` hears whether the stream is up.
export function listen(changed, connected) {
  const events = new EventSource("/events");
  events.addEventListener("message", (event) => changed(JSON.parse(event.data)));
  events.addEventListener("ready", () => requestAnimationFrame(() => document.body.classList.add("ready")));
  events.addEventListener("anew", () => location.reload());
  events.addEventListener("open", () => connected(true));
  events.addEventListener("error", () => connected(false));
}
