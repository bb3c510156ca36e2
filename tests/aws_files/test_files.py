"""CloudFormation as cfn-lint sees it, and Terraform as a parser of its language reads it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.bot.cli.running import alb502

ROOT = Path(__file__).parents[2]
EMPTY_BY_DEFAULT = "W1031"
"""An ARN that ends where an optional parameter is empty; it stands under the condition that it is not."""
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
READ = ["read", "--log-bucket", "shop-logs/alb", "--kms-key", KEY, "--athena", "logs,alb,results/alb502"]
Capsys = pytest.CaptureFixture[str]


def linted(*files: Path) -> str:
    command = [sys.executable, "-m", "cfnlint", "--ignore-checks", EMPTY_BY_DEFAULT, "--", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


def test_the_templates_have_nothing_to_complain_about() -> None:
    files = sorted((ROOT / "aws").glob("*.yaml"))
    assert len(files) == 2
    assert linted(*files) == ""


@pytest.mark.parametrize("options", [READ, ["remediate"]], ids=["read", "remediate"])
def test_a_printed_template_has_nothing_to_complain_about(capsys: Capsys, tmp_path: Path, options: list[str]) -> None:
    file = tmp_path / "policy.json"
    file.write_text(alb502(capsys, "iam-policy", *options, "--format", "cloudformation").out)
    assert linted(file) == ""


@pytest.mark.parametrize("options", [READ, ["remediate"]], ids=["read", "remediate"])
def test_printed_terraform_says_what_the_document_says(capsys: Capsys, options: list[str]) -> None:
    text = alb502(capsys, "iam-policy", *options, "--format", "terraform").out
    assert set(hcl2.loads(text)) == {"resource"}
    inside = re.search(r"policy = jsonencode\((.*)\)\n}", text, re.DOTALL)
    assert inside is not None
    assert plain(hcl2.loads(f"x = {inside[1]}\n")["x"]) == json.loads(alb502(capsys, "iam-policy", *options).out)


def test_the_modules_use_what_they_declare_and_nothing_else() -> None:
    for module in sorted((ROOT / "aws" / "terraform").iterdir()):
        texts = [file.read_text(encoding="utf-8") for file in sorted(module.glob("*.tf"))]
        parsed = [hcl2.loads(text) for text in texts]
        for kind, word in (("variable", "var"), ("locals", "local")):
            blocks = [block for one in parsed for block in one.get(kind, ())]
            declared = {name.strip('"') for block in blocks for name in block if not name.startswith("__")}
            used = set(re.findall(rf"\b{word}\.(\w+)", "".join(texts)))
            assert used == declared, (module.name, kind)


def plain(value: Any) -> Any:
    """Strings without their quotes, as Terraform fills them in."""
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value).replace("$${", "${").replace("%%{", "%{")
    return value
