"""The language of rules: what it accepts, what it says when it does not, and its three values."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.decision.language.evaluate import Beliefs, Program
from riskmodel.decision.language.expression import parse
from riskmodel.decision.language.monotone import violations
from riskmodel.decision.language.nodes import AllOf, AnyOf, Holds, Node, Not
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
VOCABULARY = Vocabulary(VARIABLES, {"scan": 0.25}, PLAIN.every_flag())


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


def one(text: str, **states: str) -> str:
    """The value of an expression for one case; what is not named is not assessed."""
    masks = np.array([[variable.full_mask] for variable in VARIABLES], np.uint8)
    for name, state in states.items():
        masks[ROW[name]] = VARIABLES[ROW[name]].mask(*state.split("|"))
    return evaluate(text, masks)[0]


# ---- grammar -------------------------------------------------------------------------------------


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


# ---- three values --------------------------------------------------------------------------------


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
    ],
)
def test_three_values(text: str, states: dict[str, str], value: str) -> None:
    assert one(text, **states) == value


@dataclass(frozen=True)
class Sample:
    """An expression and, written independently of the package, what it says of one full assignment."""

    text: str
    holds: Callable[[dict[str, int]], bool]


SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@st.composite
def a_comparison(draw: st.DrawFn, variable: Variable, *, upward: bool) -> Sample:
    """A test of one variable that can go either way."""
    count = len(variable.states)
    ordered = variable.name != "sex"
    signs = [">=", ">"] if upward else list(SIGNS) if ordered else ["==", "!="]
    sign = draw(st.sampled_from(signs))
    possible = [state for state in range(count) if len({SIGNS[sign](value, state) for value in range(count)}) == 2]
    state = draw(st.sampled_from(possible))
    return Sample(
        f"{variable.name} {sign} {variable.states[state]}",
        lambda case: SIGNS[sign](case[variable.name], state),
    )


@st.composite
def combined(draw: st.DrawFn, parts: list[Sample], *, rising: bool) -> Sample:
    """Parts joined by and, or, count and (unless rising) not, in a random tree that uses each once."""
    parts = list(parts)
    while len(parts) > 1:
        size = draw(st.integers(2, min(4, len(parts))))
        chosen, parts = parts[:size], parts[size:]
        kind = draw(st.sampled_from(["and", "or", "count"]))
        if kind == "count":
            sign = draw(st.sampled_from([">="] if rising else list(SIGNS)))
            bounds = [
                bound
                for bound in range(size + 1)
                if len({SIGNS[sign](number, bound) for number in range(size + 1)}) == 2
            ]
            bound = draw(st.sampled_from(bounds))
            joined = Sample(
                f"count({', '.join(part.text for part in chosen)}) {sign} {bound}",
                lambda case, chosen=chosen, sign=sign, bound=bound: SIGNS[sign](
                    sum(part.holds(case) for part in chosen), bound
                ),
            )
        else:
            every = all if kind == "and" else any
            joined = Sample(
                f"({f' {kind} '.join(part.text for part in chosen)})",
                lambda case, chosen=chosen, every=every: every(part.holds(case) for part in chosen),
            )
        if not rising and draw(st.booleans()):
            inner = joined
            joined = Sample(f"not {inner.text}", lambda case, inner=inner: not inner.holds(case))
        parts.append(joined)
    return parts[0]


@st.composite
def expressions(draw: st.DrawFn, *, once: bool = False, rising: bool = False) -> Sample:
    variables = [variable for variable in READ if not rising or variable.name != "sex"]
    if once:
        chosen = draw(st.lists(st.sampled_from(variables), min_size=1, max_size=6, unique_by=lambda v: v.name))
    else:
        chosen = draw(st.lists(st.sampled_from(variables), min_size=1, max_size=7))
    parts = [draw(a_comparison(variable, upward=rising)) for variable in chosen]
    return draw(combined(parts, rising=rising))


cases = st.lists(st.tuples(*(st.integers(1, variable.full_mask) for variable in READ)), min_size=1, max_size=6)


def to_masks(columns: list[tuple[int, ...]]) -> np.ndarray:
    masks = np.array([[variable.full_mask] * len(columns) for variable in VARIABLES], np.uint8)
    for number, column in enumerate(columns):
        for variable, mask in zip(READ, column, strict=True):
            masks[ROW[variable.name], number] = mask
    return masks


def by_enumeration(sample: Sample, column: tuple[int, ...]) -> str:
    """T or F when every completion of the case says so, else ?."""
    states = [[state for state in range(8) if mask >> state & 1] for mask in column]
    names = [variable.name for variable in READ]
    used = [name in sample.text for name in names]
    states = [options if use else options[:1] for options, use in zip(states, used, strict=True)]
    answers = {sample.holds(dict(zip(names, values, strict=True))) for values in itertools.product(*states)}
    return "?" if len(answers) == 2 else "T" if answers == {True} else "F"


@given(expressions(), cases)
def test_known_values_hold_in_every_completion(sample: Sample, columns: list[tuple[int, ...]]) -> None:
    for found, column in zip(evaluate(sample.text, to_masks(columns)), columns, strict=True):
        assert found in ("?", by_enumeration(sample, column)), sample.text


@given(expressions(once=True), cases)
def test_exact_where_each_variable_is_read_once(sample: Sample, columns: list[tuple[int, ...]]) -> None:
    expected = [by_enumeration(sample, column) for column in columns]
    assert evaluate(sample.text, to_masks(columns)) == expected, sample.text


@given(expressions(rising=True), cases)
def test_exact_where_everything_rises(sample: Sample, columns: list[tuple[int, ...]]) -> None:
    expected = [by_enumeration(sample, column) for column in columns]
    assert evaluate(sample.text, to_masks(columns)) == expected, sample.text


# ---- monotone ------------------------------------------------------------------------------------


@given(expressions(rising=True))
def test_rising_expressions_are_proved(sample: Sample) -> None:
    assert not list(violations(tree(sample.text), VARIABLES))


@given(expressions(), cases, st.data())
def test_what_is_proved_never_falls(sample: Sample, columns: list[tuple[int, ...]], data: st.DataObject) -> None:
    """Where the proof passes, raising flags and finding present what was not assessed keeps true true."""
    if any(True for _ in violations(tree(sample.text), VARIABLES)):
        return
    masks = to_masks(columns)
    raised = masks.copy()
    for variable in READ:
        if variable.is_flag:
            for number in range(len(columns)):
                floor = int(masks[ROW[variable.name], number]).bit_length() - 1
                state = data.draw(st.integers(floor, len(variable.states) - 1))
                if data.draw(st.booleans()):
                    raised[ROW[variable.name], number] = 1 << state
    before, after = evaluate(sample.text, masks), evaluate(sample.text, raised)
    assert all(b == "T" for a, b in zip(before, after, strict=True) if a == "T")


@pytest.mark.parametrize(
    ("text", "proved"),
    [
        ("not (trauma == none)", True),
        ("not (trauma < major)", True),
        ("not not fever", True),
        ("fever != absent", True),
        ("leg_weakness in {stable, progressive}", True),
        ("count(fever, not trauma) >= 1", False),
        ("not count(fever, trauma) <= 1", True),
        ("count(fever, trauma) == 1", False),
        ("leg_weakness == stable", False),
        ("leg_weakness == progressive", True),
        ("not any_flag", False),
        ("any_flag", True),
        ("no_flags", False),
        ("not no_flags", True),
        ("esr == under_20", False),
        ("esr >= from_20_to_50 and sex != male and not surgery and age < from_70", True),
    ],
)
def test_proof(text: str, proved: bool) -> None:
    assert proved == (not list(violations(tree(text), VARIABLES)))


# ---- posteriors ----------------------------------------------------------------------------------


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
    ],
)
def test_posteriors(text: str, posterior: float, baseline: float, value: str) -> None:
    assert believe(text, posterior, baseline) == value


# ---- errors --------------------------------------------------------------------------------------


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
