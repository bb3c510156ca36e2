"""php-fpm, which speaks FastCGI to a web server and is no target itself: what it does with idle connections is that
server's affair.
"""

from __future__ import annotations

from diagnostics.rules.runtimes.server import Seen

RANK = 55
# https://www.php.net/manual/en/install.fpm.configuration.php; ECS stops containers in the reverse order of dependsOn:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
SHUTDOWNS = {
    "php-fpm": "STOPSIGNAL SIGQUIT in the image and process_control_timeout = 30s (0, the default, drops requests); the"
    ' web server goes first when its container has "dependsOn": [{"containerName": "php", "condition": "START"}], and'
    " waits 20 s before it does",
}
WORKERS = {"php-fpm": "request_terminate_timeout = {s}s in the pool, and max_execution_time below it"}
# https://symfony.com/doc/current/reference/configuration/framework.html#trusted-hosts
HOSTS = {
    "Symfony": "framework.trusted_hosts: ['^example\\.com$', '^10\\.\\d+\\.\\d+\\.\\d+$'], the subnets' range",
}


def program(seen: Seen) -> str | None:
    return "php-fpm" if seen.runs("php-fpm") or (seen.image == "php" and "fpm" in seen.tag) else None


def framework(seen: Seen) -> str | None:
    return "Symfony" if any(name.startswith("SYMFONY_") for name in seen.names) else None
