"""Node.js, Next.js, Fastify and Bun."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, configured

RANK = 20
NODE_LONG_SINCE = 26
SETTINGS = {
    "Node.js": "server.keepAliveTimeout = {ms} and server.headersTimeout above it",
    "Next.js": "next start --keepAliveTimeout {ms}",
    "Fastify": "the option keepAliveTimeout: {ms}",
    "Bun": "idleTimeout: {s} of Bun.serve",
}


def keep_alive(seen: Seen) -> KeepAlive | None:
    if seen.runs("bun") or seen.path.endswith("oven/bun"):
        return KeepAlive(runtime="Bun", seconds=10, where=seen.word("bun"))
    own = next((item for name in ("KEEP_ALIVE_TIMEOUT", "KEEPALIVE_TIMEOUT") if (item := seen.variable(name))), None)
    if seen.runs("next") or "--keepAliveTimeout" in seen.line:
        set_to = seen.flag("--keepAliveTimeout")
        if set_to:
            return configured("Next.js", (set_to[0] / 1000, set_to[1]))
    if seen.runs("fastify"):
        return KeepAlive(runtime="Fastify", seconds=72, where="command fastify")
    if seen.image != "node" and not seen.runs("node", "npm", "yarn", "pnpm", "next", "nodejs"):
        return None
    if own:
        return configured("Node.js", own)
    version = seen.major if seen.image == "node" else None
    where = seen.word(next((name for name in ("node", "npm", "yarn", "pnpm", "next") if seen.runs(name)), "node"))
    if version is None:
        return KeepAlive(runtime=f"Node.js before {NODE_LONG_SINCE}", seconds=5, where=where)
    seconds = 65 if version >= NODE_LONG_SINCE else 5
    return KeepAlive(runtime=f"Node.js {version}", seconds=seconds, where=f"image node:{seen.tag}")


def heard(banner: Banner) -> KeepAlive | None:
    """Fastify says so itself. Node.js and its other frameworks write what somebody programmed."""
    if "Fastify" in banner.quotes:
        return KeepAlive(runtime="Fastify", seconds=72, where=banner.where("Fastify"))
    return None
