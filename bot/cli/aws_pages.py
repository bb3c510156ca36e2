"""The files of aws/ that hold policies, and the policy in docs/permissions.md: `python -m bot.cli.aws_pages` writes
them anew."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from bot.cli.aws_roles import bot_account, member_account, terraform
from bot.cli.aws_roles.cloudformation import yaml_text
from bot.cli.written import renew
from diagnostics.aws_access.read_policy import read_policy

PLACE: Final = Path("aws")
TOLD: Final = Path("docs") / "permissions.md"
WRITTEN_BY: Final = "Written by `python -m bot.cli.aws_pages`; change the code that it is derived from."


def pages() -> dict[str, str]:
    """Path below `PLACE` to text."""
    return {
        "member-account.yaml": yaml_text(member_account.template(), WRITTEN_BY),
        "bot-account.yaml": yaml_text(bot_account.template(), WRITTEN_BY),
        "terraform/member-account/policies.tf": f"# {WRITTEN_BY}\n{terraform.member_policies()}",
        "terraform/bot-account/policies.tf": f"# {WRITTEN_BY}\n{terraform.bot_policies()}",
    }


def told(page: str) -> str:
    """The page with the policy of the code in its block of JSON."""
    policy = json.dumps(read_policy(), indent=2)
    return re.sub(r"(?<=```json\n).*?(?=\n```)", lambda _: policy, page, count=1, flags=re.DOTALL)


if __name__ == "__main__":
    renew(PLACE, pages())
    renew(TOLD.parent, {TOLD.name: told(TOLD.read_text(encoding="utf-8"))})
