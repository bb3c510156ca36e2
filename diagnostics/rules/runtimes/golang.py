"""Servers in Go, which show themselves by their log at most. How long they keep idle connections is set in code, where
nobody can look: without an IdleTimeout the ReadTimeout counts, and without both they keep them.
"""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Seen

RANK = 70
# Shutdown closes the listeners first, and ListenAndServe returns at once: https://pkg.go.dev/net/http#Server.Shutdown
SHUTDOWNS = {
    "Go": "ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM); go srv.ListenAndServe();"
    " <-ctx.Done(); time.Sleep(20 * time.Second); srv.Shutdown(context.Background()), and main waits for it",
}


def program(seen: Seen) -> str | None:
    return "Go" if seen.image == "golang" else None
