"""The variables of a small network, rules about them, and evaluating a rule."""

from __future__ import annotations

import numpy as np

from riskmodel.decision.language.evaluate import Program
from riskmodel.decision.language.expression import parse
from riskmodel.decision.language.nodes import Node
from riskmodel.decision.language.vocabulary import Vocabulary
from riskmodel.evidence.records import Variable

YES = ("absent", "present")
BANDS = ("under_18", "from_18_to_49", "from_50_to_69", "from_70")
VARIABLES = (
    Variable("age", "context", BANDS, "", lower_edges=(0, 18, 50, 70), maximum=120),
    Variable("sex", "context", ("female", "male"), ""),
    Variable("trauma", "risk_factor", ("none", "minor", "major"), ""),
    Variable("infection", "condition", YES, "", serious=True),
    Variable("fever", "finding", YES, ""),
    Variable("leg_weakness", "finding", ("absent", "stable", "progressive"), ""),
    Variable("esr", "test", ("under_20", "from_20_to_50", "over_50"), ""),
    Variable("surgery", "circumstance", YES, ""),
)
ROW = {variable.name: row for row, variable in enumerate(VARIABLES)}
READ = [variable for variable in VARIABLES if variable.role != "condition"]
PLAIN = Vocabulary(VARIABLES, {"scan": 0.25})
ENOUGH = (ROW["age"], ROW["fever"])
VOCABULARY = Vocabulary(VARIABLES, {"scan": 0.25}, PLAIN.every_flag(), composites=("any_serious",), enough=ENOUGH)


def tree(text: str) -> Node:
    node, faults = parse(text, VOCABULARY)
    assert node is not None, faults
    return node


def evaluate(text: str, masks: np.ndarray) -> list[str]:
    """The value of an expression for each column of masks: T, F or ? (not assessed)."""
    node = tree(text)
    program = Program.of([node])
    truth = program.findings(masks)[program.slots[node]]
    assert not (truth.true & truth.false).any()
    return ["T" if true else "F" if false else "?" for true, false in zip(*truth, strict=True)]


def value_of(text: str, **states: str) -> str:
    """The value of an expression for one case; what is not named is not assessed."""
    masks = np.array([[variable.full_mask] for variable in VARIABLES], np.uint8)
    for name, state in states.items():
        masks[ROW[name]] = VARIABLES[ROW[name]].mask(*state.split("|"))
    return evaluate(text, masks)[0]
