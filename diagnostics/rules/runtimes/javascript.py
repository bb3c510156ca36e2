"""Node.js, Next.js, Fastify and Bun."""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Banner, KeepAlive, Seen, configured, goes_on_for_20_s

RANK = 20
NODE_LONG_SINCE = 26
SETTINGS = {
    "Node.js": "server.keepAliveTimeout = {ms}; server.headersTimeout = {more_ms}",
    "Next.js": "next start --keepAliveTimeout {ms}",
    "Fastify": "the option keepAliveTimeout: {ms}",
    "Bun": "idleTimeout: {s} of Bun.serve",
}
# server.close() refuses new connections at once, and ends when the open ones have:
# https://nodejs.org/api/http.html#serverclosecallback, https://fastify.dev/docs/latest/Reference/Server/#close,
# https://nextjs.org/docs/app/guides/self-hosting#graceful-shutdowns, https://bun.com/docs/runtime/http/server
SHUTDOWNS = {
    "Node.js": "process.on('SIGTERM', () => setTimeout(() => server.close(() => process.exit(0)), 20000)), where server"
    " is what app.listen() returned (before Node.js 19 also server.closeIdleConnections())",
    "Fastify": "process.on('SIGTERM', () => setTimeout(() => app.close().then(() => process.exit(0)), 20000)); close()"
    " without the wait answers 503 at once",
    "Next.js": goes_on_for_20_s("node_modules/.bin/next start"),
    "Bun": "process.on('SIGTERM', async () => { await Bun.sleep(20000); await server.stop(); process.exit(0) })",
}
# https://authjs.dev/getting-started/deployment#auth_trust_host, https://vite.dev/config/preview-options#preview-allowedhosts
HOSTS = {
    "Next.js": "it has no list of hosts of its own, so look in middleware.ts, which must let {path} through before it"
    " compares the host; Auth.js needs AUTH_TRUST_HOST=true",
    "Vite": "preview: { allowedHosts: true } in vite.config.js, or better another server than vite preview",
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
    server = "Next.js on Node.js" if seen.runs("next") else "Node.js"
    if version is None:
        return KeepAlive(runtime=f"{server} before {NODE_LONG_SINCE}", seconds=5, where=where)
    seconds = 65 if version >= NODE_LONG_SINCE else 5
    return KeepAlive(runtime=f"{server} {version}", seconds=seconds, where=f"image node:{seen.tag}")


def program(seen: Seen) -> str | None:
    return "Next.js" if seen.runs("next") else None


def framework(seen: Seen) -> str | None:
    if seen.runs("next") or "NEXTAUTH_URL" in seen.names or "AUTH_TRUST_HOST" in seen.names:
        return "Next.js"
    return "Vite" if seen.runs("vite") else None


def heard(banner: Banner) -> KeepAlive | None:
    """Fastify says so itself. Node.js and its other frameworks write what somebody programmed."""
    if "Fastify" in banner.quotes:
        return KeepAlive(runtime="Fastify", seconds=72, where=banner.where("Fastify"))
    return None
