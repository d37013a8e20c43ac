"""The grammar of rules, their values, and their errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.decision.language.evaluate import Beliefs, Program
from riskmodel.decision.language.expression import parse
from riskmodel.decision.language.nodes import AllOf, AnyOf, Holds, Not
from tests.support.rules import PLAIN, ROW, VARIABLES, VOCABULARY, tree, value_of

# ---- grammar ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("trauma", "minor major"),
        ("trauma >= minor", "minor major"),
        ("trauma > minor", "major"),
        ("trauma <= minor", "none minor"),
        ("trauma < minor", "none"),
        ("trauma == minor", "minor"),
        ("trauma != minor", "none major"),
        ("trauma in {major, none}", "none major"),
        ("age >= from_50_to_69", "from_50_to_69 from_70"),
        ("sex == male", "male"),
        ("esr > under_20", "from_20_to_50 over_50"),
        ("surgery", "present"),
    ],
)
def test_tests_are_sets_of_states(text: str, states: str) -> None:
    variable = VARIABLES[ROW[text.split(maxsplit=1)[0]]]
    assert tree(text) == Holds(ROW[variable.name], variable.mask(*states.split()))


def test_precedence() -> None:
    fever, trauma, surgery = tree("fever"), tree("trauma"), tree("surgery")
    assert tree("fever or trauma and not surgery") == AnyOf((fever, AllOf((trauma, Not(surgery)))))
    assert tree("(fever or trauma) and surgery") == AllOf((AnyOf((fever, trauma)), surgery))
    assert tree("not fever == absent") == Not(Holds(ROW["fever"], 1))
    assert tree("fever\n  and (\n trauma )") == AllOf((fever, trauma))


def test_equal_parts_are_evaluated_once() -> None:
    program = Program.of([tree("fever and trauma"), tree("fever or (fever and trauma)"), tree("trauma")])
    assert len(program.steps) == 4
    assert program.from_findings == 4


def test_findings_come_before_posteriors() -> None:
    program = Program.of([tree("p(infection) >= 0.1 and fever"), tree("trauma and fever")])
    assert program.from_findings == 3
    for slot, step in enumerate(program.steps):
        assert all(operand < slot for operand in step.operands)


@pytest.mark.parametrize(
    ("text", "states", "value"),
    [
        ("trauma", {}, "?"),
        ("trauma", {"trauma": "minor|major"}, "T"),
        ("trauma >= major", {"trauma": "minor|major"}, "?"),
        ("trauma >= major", {"trauma": "none|minor"}, "F"),
        ("fever and trauma", {"fever": "absent"}, "F"),
        ("fever and trauma", {"fever": "present"}, "?"),
        ("fever or trauma", {"fever": "present"}, "T"),
        ("not fever", {"fever": "absent"}, "T"),
        ("count(fever, trauma, leg_weakness) >= 2", {"fever": "present", "trauma": "major"}, "T"),
        ("count(fever, trauma, leg_weakness) >= 2", {"fever": "present"}, "?"),
        ("count(fever, trauma, leg_weakness) >= 2", {"fever": "absent", "trauma": "none"}, "F"),
        ("count(fever, trauma) == 1", {"fever": "present", "trauma": "none"}, "T"),
        ("count(fever, trauma) == 0", {"fever": "present"}, "F"),
        ("count(fever, trauma) != 0", {"fever": "present"}, "T"),
        ("count(fever, trauma) < 2", {"fever": "absent"}, "T"),
        ("count(fever, trauma) <= 0", {}, "?"),
        ("count(fever, trauma) > 1", {"fever": "absent"}, "F"),
        ("any_flag", {"fever": "present"}, "T"),
        ("any_flag", {"fever": "absent"}, "?"),
        ("any_flag", {"fever": "absent", "trauma": "none", "leg_weakness": "absent"}, "F"),
        ("no_flags", {"fever": "absent", "trauma": "none", "leg_weakness": "absent"}, "T"),
        ("no_flags", {"fever": "absent", "trauma": "none"}, "?"),
        ("no_flags", {"leg_weakness": "stable|progressive"}, "F"),
        ("enough", {"age": "from_70"}, "F"),  # known to be unknown: never undetermined
        ("enough", {"age": "from_70", "fever": "absent"}, "T"),
        ("enough", {"age": "from_50_to_69|from_70", "fever": "present"}, "T"),  # half an answer is one
        ("not enough", {}, "T"),
    ],
)
def test_three_values(text: str, states: dict[str, str], value: str) -> None:
    assert value_of(text, **states) == value


def believe(text: str, posterior: float, baseline: float) -> str:
    node = tree(text)
    program = Program.of([node])
    beliefs = Beliefs(
        {"infection": np.array([posterior]), "any_serious": np.array([posterior])},
        {"infection": np.array([baseline])},
    )
    truth = program.complete([], beliefs)[program.slots[node]]
    assert truth.true[0] != truth.false[0]
    return "T" if truth.true[0] else "F"


@pytest.mark.parametrize(
    ("text", "posterior", "baseline", "value"),
    [
        ("p(infection) >= 0.02", 0.02, 0.5, "T"),
        ("p(infection) > 0.02", 0.02, 0.5, "F"),
        ("p(infection) < .02", 0.01, 0.5, "T"),
        ("p(infection) >= threshold(scan)", 0.25, 0.5, "T"),
        ("p(infection) >= threshold(scan)", 0.2499, 0.5, "F"),
        ("p(any_serious) >= 0.5", 0.6, 0.5, "T"),
        ("raised(infection)", 0.34, 0.2, "T"),  # odds above 1/2 against 1/4
        ("raised(infection)", 0.33, 0.2, "F"),
        ("raised(infection)", 0.01, 0.01, "F"),
        ("raised(infection)", 0.0, 0.0, "F"),
        ("raised(infection)", 1.0, 0.3, "T"),
        ("not raised(infection)", 0.2, 0.2, "T"),
        ("raised(infection, 4)", 0.5, 0.2, "T"),  # odds 1 against 1/4
        ("raised(infection, 4)", 0.49, 0.2, "F"),
        ("raised(infection, 1)", 0.21, 0.2, "T"),
        ("raised(infection, 1)", 0.2, 0.2, "F"),
    ],
)
def test_posteriors(text: str, posterior: float, baseline: float, value: str) -> None:
    assert believe(text, posterior, baseline) == value


# ---- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "received", "allowed"),
    [
        ("feverr", "column 1", "unknown variable 'feverr' (did you mean 'fever'?)", "variable"),
        ("fever and leg_weaknes", "column 11", "did you mean 'leg_weakness'?", ""),
        ("fever\nand trauma >= majr", "line 2, column 15", "did you mean 'major'?", "none, minor, major"),
        (
            "trauma >= progressive",
            "column 11",
            "not a state of trauma, but of leg_weakness",
            "none, minor, major",
        ),
        ("age >= 50", "column 8", "lies in the band from_50_to_69", "under_18"),
        ("fever >= 38", "column 10", "not with the number 38", "absent, present"),
        ("sex < male", "column 1", "no order", "==, != or in"),
        ("age", "column 1", "by itself says nothing", "age == from_70"),
        ("trauma >= none", "column 1", "holds for every state", "none, minor, major"),
        ("trauma < none", "column 1", "holds for no state", ""),
        ("infection", "column 1", "'infection' is a condition", "p(infection) >= 0.02"),
        ("any_serious and fever", "column 1", "is a condition", "p(any_serious)"),
        ("p(fever) >= 0.1", "column 3", "fever is a finding, not a condition", "infection, any_serious"),
        ("p(infektion) >= 0.1", "column 3", "did you mean 'infection'?", ""),
        ("raised(any_serious)", "column 8", "raised reads one condition", "one of infection"),
        ("p(infection)", "column 13", "found the end", "p(infection) >= 0.02"),
        ("p(infection) == 0.1", "column 1", "p(…) ==", ">=, >, <= or <"),
        ("p(infection) >= 2", "column 17", "2 is not a probability", "0 to 1"),
        ("p(infection) >= fever", "column 17", "found 'fever'", "threshold"),
        ("p(infection) >= threshold(skan)", "column 27", "did you mean 'scan'?", "one of scan"),
        ("prob(infection) >= 0.1", "column 1", "unknown function 'prob'", "p, raised and count"),
        ("0.02 <= p(infection)", "column 1", "found '0.02'", "a variable"),
        ("count(fever, trauma)", "column 21", "found the end", "whole number"),
        ("count(fever, trauma) >= 1.5", "column 25", ">= 1.5", "whole number"),
        ("count(fever, trauma) >= 3", "column 1", "never holds", "either way"),
        ("count(fever, trauma) >= 0", "column 1", "always holds", "either way"),
        ("count(fever; trauma) >= 1", "column 12", "unexpected ';'", ""),
        ("fever = present", "column 7", "unexpected '='", "write =="),
        ("fever && trauma", "column 7", "unexpected '&'", "write and"),
        ("fever trauma", "column 7", "found 'trauma'", "'and', 'or'"),
        ("fever and", "column 10", "found the end", "a variable"),
        ("(fever or trauma", "column 17", "found the end", "')'"),
        ("fever)", "column 6", "found ')'", "end of the expression"),
        ("trauma in minor", "column 11", "found 'minor'", "'{'"),
        ("trauma in {minor major}", "column 18", "found 'major'", "',' or '}'"),
        ("trauma >=", "column 10", "found the end", "a state"),
        ("trauma >= minor >= major", "column 17", "found '>='", "'and', 'or'"),
        ("__import__('os')", "column 1", "unexpected '_'", ""),
        ("(" * 60 + "fever" + ")" * 60, "column 51", "nested more than 50 deep", "flatter"),
        ("", "column 1", "found the end", "a variable"),
    ],
)
def test_errors(text: str, place: str, received: str, allowed: str) -> None:
    node, faults = parse(text, VOCABULARY)
    assert node is None
    assert len(faults) == 1
    assert faults[0].position(text) == place
    assert received in faults[0].received
    assert allowed in faults[0].allowed


def test_all_wrong_names_at_once() -> None:
    _, faults = parse("feverr and trauma >= majr and p(infektion) >= threshold(skan)", VOCABULARY)
    assert len(faults) == 4


def test_flags_cannot_read_flags() -> None:
    node, faults = parse("any_flag", PLAIN)
    assert node is None
    assert "no list of flags" in faults[0].allowed


@given(st.text(alphabet="abcfever() {},=<>!.0129\n_andornot", max_size=40))
def test_any_text_is_a_tree_or_faults(text: str) -> None:
    node, faults = parse(text, VOCABULARY)
    assert (node is None) == bool(faults)
    for fault in faults:
        assert "column" in fault.position(text)
