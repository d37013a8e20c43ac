"""What follows of statements that a person moves."""

from __future__ import annotations

import pytest

from riskmodel.errors import UsageError
from riskmodel.notebook.moves import as_python, numbers_of

AGES = [f"mix.age.{band}.emergency" for band in ("under_18", "from_18_to_49", "from_50_to_69", "from_70")]


def test_the_other_states_keep_their_proportions(seeds):
    numbers = numbers_of(seeds.priors, {AGES[3]: 0.3})
    assert set(numbers) == set(AGES)
    assert sum(each["value"] for each in numbers.values()) == pytest.approx(1, abs=1e-12)
    before = [seeds.statement(name).value for name in AGES[:3]]
    assert [numbers[name]["value"] / value for name, value in zip(AGES[:3], before, strict=True)] == pytest.approx(
        [0.7 / (1 - seeds.statement(AGES[3]).value)] * 3
    )
    assert seeds.with_numbers(numbers).statement(AGES[3]).value == 0.3


def test_two_that_are_moved_stay_where_they_were_put(seeds):
    numbers = numbers_of(seeds.priors, {AGES[3]: 0.3, AGES[0]: 0.1})
    assert [numbers[name]["value"] for name in (AGES[3], AGES[0])] == [0.3, 0.1]
    with pytest.raises(UsageError, match=r"must leave 0 or more, not -0\.2"):
        numbers_of(seeds.priors, {AGES[3]: 0.7, AGES[1]: 0.5})


def test_an_interval_is_widened_as_far_as_the_value(seeds):
    """A value beyond the interval of its source is no contradiction: it is what somebody tries."""
    name = "base.infection.primary_care"
    statement = seeds.statement(name)
    assert numbers_of(seeds.priors, {name: 0.003}) == {name: {"value": 0.003, "low": statement.low, "high": 0.003}}
    assert seeds.with_numbers(numbers_of(seeds.priors, {name: 0.003})).statement(name).high == 0.003


def test_a_statement_that_drives_nothing_is_refused(seeds):
    with pytest.raises(UsageError, match=r"no statement 'find.fever.nobody' drives a table \(did you mean"):
        numbers_of(seeds.priors, {"find.fever.nobody": 0.1})


def test_the_line_of_python_makes_the_same_model(seeds):
    for moved in (
        {"find.fever.none": 0.02},
        {"find.fever.none": 0.02, AGES[3]: 0.3, "base.infection.primary_care": 0.003},
    ):
        numbers = numbers_of(seeds.priors, moved)
        made = eval(as_python(numbers), {"model": seeds})  # noqa: S307 - the line is for that
        assert made.priors.statements == seeds.with_numbers(numbers).priors.statements
