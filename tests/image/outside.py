"""What a container finds outside: Slack, AWS with an incident in it, and a Redis.

They listen on loopback, where no container gets to. So each is relayed from the address by which containers reach their
host, and from there only.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from demo.running import run
from tests import slack_fake
from tests.bot.valkeys import valkey
from tests.image.containers import podman
from tests.slack_fake import SlackFake

IP_FREEBIND: Final = 15
"""ip(7): an address that the machine does not have yet; it has it once the first container runs."""
SCENARIO: Final = "security-group-revoked"
CAUSE: Final = "sg-ingress-missing"


@dataclass(frozen=True, slots=True)
class Outside:
    slack: SlackFake
    target: str
    redis_url: str
    environment: dict[str, str]
    """Leads the bot to Slack and AWS, and not to Redis."""


@contextmanager
def outside(directory: Path) -> Iterator[Outside]:
    """All of it, for as long as the context lasts. `directory` is for Redis."""
    host = host_of_containers()
    with ExitStack() as stack:
        slack = stack.enter_context(slack_fake.serving(SlackFake()))
        slack.url = f"http://{stack.enter_context(_relayed(host, slack.url))}"
        world = stack.enter_context(run(SCENARIO, live=True))
        aws = stack.enter_context(_relayed(host, world.endpoint_url))
        redis = stack.enter_context(valkey(directory / "redis"))
        environment = {
            **world.environment(),
            "AWS_ENDPOINT_URL": f"http://{aws}",
            "SLACK_BOT_TOKEN": slack_fake.TOKEN,
            "SLACK_SIGNING_SECRET": slack_fake.SECRET,
            "ALB502_SLACK_API_URL": f"{slack.url}/api/",
        }
        redis_url = f"redis://{stack.enter_context(_relayed(host, redis.url))}/0"
        yield Outside(slack, world.scenario.target, redis_url, environment)


def host_of_containers() -> str:
    """The address of this machine in podman's own network."""
    (network,) = json.loads(podman("network", "inspect", "podman"))
    subnet = network["subnets"][0] if "subnets" in network else network["plugins"][0]["ipam"]["ranges"][0][0]
    return str(subnet["gateway"])


class _Relay(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, target: tuple[str, int]) -> None:
        self.target = target
        super().__init__((host, 0), _Handler)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        super().server_bind()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Relay)
        with suppress(OSError), socket.create_connection(self.server.target) as target:
            back = threading.Thread(target=_copy, args=(target, self.request), daemon=True)
            back.start()
            _copy(self.request, target)
            back.join()


def _copy(source: socket.socket, sink: Any) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def _relayed(host: str, url: str) -> Iterator[str]:
    """Yields the address from which everything goes to this URL's server and back."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    with _Relay(host, (parts.hostname, parts.port)) as relay:
        thread = threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"{host}:{relay.server_address[1]}"
        relay.shutdown()
        thread.join()
