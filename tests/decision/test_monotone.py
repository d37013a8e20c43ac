"""Rules under any evidence: what is known holds in every completion, and what is proved never falls."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.decision.language.monotone import violations
from riskmodel.evidence.records import Variable
from tests.support.rules import READ, ROW, VARIABLES, evaluate, tree


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


# ---- three values ----------------------------------------------------------------------------------


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


# ---- monotone --------------------------------------------------------------------------------------


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
