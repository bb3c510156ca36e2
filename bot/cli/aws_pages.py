"""The files of aws/ that hold policies: `python -m bot.cli.aws_pages` writes them anew."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bot.cli.aws_roles import bot_account, member_account, terraform
from bot.cli.aws_roles.cloudformation import yaml_text
from bot.cli.output import write

PLACE: Final = Path("aws")
WRITTEN_BY: Final = "Written by `python -m bot.cli.aws_pages`; change the code that it is derived from."


def pages() -> dict[str, str]:
    """Path below `PLACE` to text."""
    return {
        "member-account.yaml": yaml_text(member_account.template(), WRITTEN_BY),
        "bot-account.yaml": yaml_text(bot_account.template(), WRITTEN_BY),
        "terraform/member-account/policies.tf": f"# {WRITTEN_BY}\n{terraform.member_policies()}",
        "terraform/bot-account/policies.tf": f"# {WRITTEN_BY}\n{terraform.bot_policies()}",
    }


def stale(place: Path) -> tuple[str, ...]:
    """Names of the files that are missing or differ."""
    return tuple(name for name, text in pages().items() if _text(place / name) != text)


def renew(place: Path) -> tuple[str, ...]:
    """Brings the files up to date and returns the names of those that changed."""
    changed = stale(place)
    for name in changed:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(pages()[name], encoding="utf-8")
    return changed


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


if __name__ == "__main__":
    write("\n".join(renew(PLACE)) or "all files were up to date")
