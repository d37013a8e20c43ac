"""The load of a policy, as lines of the check: what is asked in each setting, by which rules, and who is overlooked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from riskmodel.decision.costs import find_pathways
from riskmodel.decision.language.nodes import AnyFlag, Holds, Node, children, leaves
from riskmodel.decision.policy import Policy
from riskmodel.model import Model
from riskmodel.pathways.load import policy_load
from riskmodel.text import figure, table

BLANK = 0.3  # of history and examination, at random: what complete recording hides
SHOWN = 6  # rules a setting and action


def load_lines(model: Model, people: int, seed: int) -> Iterator[str]:
    """The load of the model's policy on simulated people; nothing where no referral is known to be an emergency."""
    numbers = find_pathways(model.root)
    if numbers is None:
        return
    complete, incomplete = (
        policy_load(model, numbers, people, np.random.default_rng(seed), missing=missing) for missing in (0.0, BLANK)
    )
    yield ""
    yield f"Load of {model.policy.name} on {people} simulated people of each setting, in % (seed {seed})"
    for measured, recorded in ((complete, "all"), (incomplete, f"{100 * (1 - BLANK):g} %")):
        yield f"With {recorded} of history and examination recorded:"
        heads = [name.replace("_", " ") for name in measured.shares.columns]
        shares = measured.shares.itertuples(index=False)
        yield from _indented(heads, [[row[0], *map(_percent, row[1:])] for row in shares])
    yield "  sent: to an emergency department, or admitted there; ill: of those sent, with a serious spinal disease"
    yield "  (elsewhere too: or outside it); missed: of those with one of the spine, neither imaged nor sent"
    yield ""
    yield f"Where it comes from if all is recorded: the {SHOWN} rules that alone account for most, in % of all people"
    yield from _indented(
        ["setting", "done", "rule", "asked", "by this rule alone", "of these ill"], _drivers(complete.drivers)
    )
    yield ""
    yield "Who is neither imaged nor sent then: people with each disease, and the probability they are given, in %"
    overlooked = [
        [row["setting"], row["condition"], str(row["people"]), _percent(row["median"]), _percent(row["highest"])]
        for row in complete.missed.to_dict("records")
    ]
    yield from _indented(["setting", "disease", "people", "median", "highest"], overlooked)
    yield from waiting_lines(model.policy)


def _drivers(drivers: pd.DataFrame) -> Iterator[list[str]]:
    groups = drivers[drivers["share"] > 0].groupby(["setting", "done"], sort=False)
    for row in groups.head(SHOWN).to_dict("records"):
        yield [row["setting"], row["done"], row["rule"], *(_percent(row[name]) for name in ("share", "alone", "ill"))]


def waiting_lines(policy: Policy) -> Iterator[str]:
    """The flags that ``no_flags`` waits for though no rule reads them: where one is blank, nobody is told self-care.

    A variable that is new in the network comes in here by itself where the policy has no list of flags.
    """
    read = {leaf.row for rule in policy.rules for leaf in _leaves_but_flags(rule.condition) if isinstance(leaf, Holds)}
    roots = [entry.condition for entry in policy.otherwise if entry.condition] + [
        rule.condition for rule in policy.rules
    ]
    flags = [
        leaf.row for root in roots for node in _flag_lists(root) for leaf in leaves(node) if isinstance(leaf, Holds)
    ]
    only = [policy.variables[row].name for row in dict.fromkeys(flags) if row not in read]
    if only:
        listed = "its list of flags" if policy.flags else "every flag of the network: it lists none of its own"
        yield ""
        yield f"{policy.name} reads {listed}. Waited for, though no other rule reads them: {', '.join(only)}"


def _flag_lists(node: Node) -> Iterator[AnyFlag]:
    if isinstance(node, AnyFlag):
        yield node
        return
    for child in children(node):
        yield from _flag_lists(child)


def _leaves_but_flags(node: Node) -> Iterator[Node]:
    if isinstance(node, AnyFlag):
        return
    below = children(node)
    yield from () if below else (node,)
    for child in below:
        yield from _leaves_but_flags(child)


def _indented(heads: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield from (f"  {line}" for line in table(heads, list(rows)))


def _percent(value: float) -> str:
    return "" if np.isnan(value) else figure(100 * value, ".1f")
