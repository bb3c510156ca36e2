"""Prints the objects of the chart: ``python -m tests.chart.render [VALUES.yaml]``."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from tests.chart.rendering import read_values, rendered


def main() -> None:
    if len(sys.argv) > 2:
        sys.exit("usage: python -m tests.chart.render [VALUES.yaml]")
    values = read_values(Path(sys.argv[1])) if len(sys.argv) == 2 else {"image": {"repository": "localhost/alb502"}}
    print(yaml.safe_dump_all(rendered(values), sort_keys=False, explicit_start=True), end="")


if __name__ == "__main__":
    main()
