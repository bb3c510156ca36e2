"""What a container of the chart is given, as the kubelet would put it together: environment, files, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.settings import Settings, load
from tests.chart.derived import SECRETS_DIR
from tests.chart.rendering import Object, of_kind

SECRETS: Final = {
    "slack-bot-token": "xoxb-of-the-test",
    "slack-app-token": "xapp-of-the-test",
    "slack-signing-secret": "signing-secret-of-the-test",
    "approval-key": "approval-key-of-the-test-0123456789ab",
    "redis-url": "rediss://alb502:secret@redis.example.com:6379/0",
    "alb502-external-id": "external-id-of-the-test",
    "url": "http://proxy.example.com:3128",
}
"""What the Secrets of the installation hold: the one of the bot, and that of a proxy."""
ROLES: Final = ("web", "worker", "executor", "all")

_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


@dataclass(frozen=True, slots=True)
class Pod:
    """One role's pod."""

    role: str
    deployment: Object
    objects: list[Object]

    @property
    def spec(self) -> Object:
        spec: Object = self.deployment["spec"]["template"]["spec"]
        return spec

    @property
    def container(self) -> Object:
        (container,) = self.spec["containers"]
        assert isinstance(container, dict)
        return container

    @property
    def environment(self) -> dict[str, str]:
        """Later variables may name earlier ones as `$(NAME)`."""
        known: dict[str, str] = {}
        for entry in self.container["env"]:
            if "value" in entry:
                known[entry["name"]] = _REFERENCE.sub(lambda found: known[found[1]], entry["value"])
            else:
                reference = entry["valueFrom"]["secretKeyRef"]
                known[entry["name"]] = self.secret(reference["name"], reference["key"])
        return known

    @property
    def secret_keys(self) -> set[str]:
        """Every key of a Secret that the pod can see, as environment variable or as file."""
        by_variable = {
            entry["valueFrom"]["secretKeyRef"]["key"] for entry in self.container["env"] if "valueFrom" in entry
        }
        return by_variable | {key for _, _, key in self._secret_files()}

    def secret(self, name: str, key: str) -> str:
        made = of_kind("Secret", self.objects)
        return str(made[name]["stringData"][key]) if name in made else SECRETS[key]

    def settings(self, files: Path) -> Settings:
        """What the bot's own loader makes of it; `files` takes the place of the pod's file system."""
        for place, name, key in self._secret_files():
            path = files / Path(place).relative_to(SECRETS_DIR)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.secret(name, key), encoding="utf-8")
        (volume,) = [one for one in self.spec["volumes"] if one["name"] == "config"]
        text = of_kind("ConfigMap", self.objects)[volume["configMap"]["name"]]["data"]["alb502.yaml"]
        path = files / f"{self.role}.yaml"
        path.write_text(text.replace(SECRETS_DIR, str(files)), encoding="utf-8")
        return load(self.environment, config_path=path)

    def _secret_files(self) -> Iterator[tuple[str, str, str]]:
        """Where a file is, of which Secret, and which key of it."""
        volumes = {volume["name"]: volume["secret"] for volume in self.spec["volumes"] if "secret" in volume}
        for mount in self.container["volumeMounts"]:
            if mount["name"] in volumes:
                secret = volumes[mount["name"]]
                (key,) = [item["key"] for item in secret["items"] if item["path"] == mount["subPath"]]
                yield mount["mountPath"], secret["secretName"], key


def pods_in(objects: list[Object]) -> dict[str, Pod]:
    """By role."""
    found = {}
    for deployment in of_kind("Deployment", objects).values():
        role = deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        found[role] = Pod(role, deployment, objects)
    return found
