"""What is missed without an action is what the code reads with it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from diagnostics.aws_access.actions import method_of
from diagnostics.aws_access.read_policy import STATEMENTS
from diagnostics.causes import catalogue
from diagnostics.collect.graph import all_collectors
from diagnostics.permissions.purposes import FACTS, loss_of

SOURCES = Path(__file__).parents[3] / "diagnostics" / "collect" / "sources"
ACTIONS = {action for some in STATEMENTS.values() for action in some}


def _yielded_where_called() -> dict[str, set[str]]:
    """The facts of each file of `sources` that names the method behind an action."""
    names = {spec.yields.__name__: spec.yields.name for spec in all_collectors()}
    found: dict[str, set[str]] = defaultdict(set)
    for file in SOURCES.glob("*.py"):
        text = file.read_text()
        words = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
        words |= {"ec2"} if "collect.ec2_filters" in text else set()
        facts = {names[one] for one in re.findall(r"\bReads\[(\w+)\]", text) if one in names}
        for action in ACTIONS:
            if facts and set(method_of(action)) <= words:
                found[action] |= facts
    return found


def test_each_action_leads_to_the_facts_of_the_files_that_call_it() -> None:
    called = _yielded_where_called()
    assert len(called) > 40
    wrong = {action: facts for action, facts in called.items() if not set(FACTS.get(action, ())) & facts}
    assert wrong == {}, "FACTS of diagnostics/permissions/purposes.py says otherwise"


def test_every_fact_that_is_named_exists() -> None:
    facts = {spec.yields.name for spec in all_collectors()}
    assert {fact for some in FACTS.values() for fact in some} <= facts


def test_causes_that_need_a_fact_cannot_be_judged_without_it() -> None:
    loss = loss_of(["ec2:DescribeSecurityGroups"])
    needing = {code for code, spec in catalogue().items() if any(kind.name == "security_groups" for kind in spec.needs)}
    assert needing
    assert set(loss.open) == needing
    assert not set(loss.open) & set(loss.less_sure)


def test_what_stands_on_a_fact_falls_with_it() -> None:
    """Prefix lists are those of the security groups."""
    assert set(loss_of(["ec2:GetManagedPrefixListEntries"]).less_sure) <= {
        *loss_of(["ec2:DescribeSecurityGroups"]).open,
        *loss_of(["ec2:DescribeSecurityGroups"]).less_sure,
    }
