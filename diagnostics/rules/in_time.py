"""How a slow answer comes in time: the idle timeout counts silence, not duration.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html,
https://www.rfc-editor.org/rfc/rfc9110.html#name-202-accepted
"""

from __future__ import annotations


def in_time(idle_s: int | None) -> str:
    """What may be done about an answer that takes longer than the load balancer waits."""
    limit, often = (
        (f"{idle_s} s", f"every {idle_s / 2:g} s") if idle_s else ("the idle timeout", "in half of that time")
    )
    return (
        f"The load balancer waits {limit} for the next byte, not for the whole answer: stream (headers and a byte at"
        f" once, then one {often}), or answer 202 with Location and Retry-After, queue the work, and let the client"
        " poll."
    )


STREAMED = (
    "Streaming needs no proxy that buffers in between (X-Accel-Buffering: no for nginx), and can no longer change the"
    " status. A longer idle timeout helps only when the targets' keep-alive is longer still."
)
