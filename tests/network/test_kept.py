"""Networks that are built with tables of the one before: to the last bit as built from nothing."""

from __future__ import annotations

import numpy as np
import pytest

from riskmodel.answers.uncertainty import without_silent
from riskmodel.errors import InferenceError
from riskmodel.network.build import build_network
from riskmodel.network.kept import KeptTables
from tests.support.masks import case

# One of each form, some twice: what is moved back must be noticed as well.
MOVED = (
    "find.fever.infection", "base.infection.emergency", "mix.sex.female", "risk.infection.iv_drug_use",
    "base.infection.emergency", "find.fever.none", "test.crp.over_50.infection.any",
)  # fmt: skip


def alike(first, second) -> bool:
    same = all(np.array_equal(first.tables[name], second.tables[name]) for name in first.tables)
    return same and first.variables == second.variables and first.held == second.held and first.rarer == second.rarer


@pytest.mark.slow
def test_the_network_is_to_the_last_bit_the_one_without(seeds):
    kept, model = KeptTables(), seeds
    for number, name in enumerate(MOVED):
        factor = 0.95 if number % 2 else 1.02
        model = model.with_statement(name, value=model.statement(name).value * factor)
        assert alike(build_network(model.priors, kept=kept), build_network(model.priors))
    febrile = without_silent(model.priors, case("emergency", fever="present"))
    for priors in (febrile, model.priors, febrile):
        assert alike(build_network(priors, kept=kept), build_network(priors))


def test_only_what_has_changed_is_built(seeds):
    kept = KeptTables()
    before = build_network(seeds.priors, kept=kept)
    after = build_network(seeds.with_statement("find.fever.infection", value=0.6).priors, kept=kept)
    other = {name for name in before.tables if before.tables[name] is not after.tables[name]}
    fever = next({"fever", *members} for members in seeds.priors.groups.values() if "fever" in members)
    assert "fever" in other
    assert other <= fever


def test_a_number_out_of_reach_leaves_the_last_good_tables(seeds):
    kept = KeptTables()
    before = build_network(seeds.priors, kept=kept)
    beyond = seeds.with_statement("find.fever.none", value=0.9)
    with pytest.raises(InferenceError):
        build_network(beyond.priors, kept=kept)
    again = build_network(seeds.priors, kept=kept)
    assert all(before.tables[name] is again.tables[name] for name in before.tables)


@pytest.mark.parametrize("name", ["find.fever.infection", "base.infection.emergency", "risk.infection.iv_drug_use"])
def test_what_does_not_vary_is_built_once_and_the_same(seeds, name):
    stated = [statement.value for statement in seeds.priors.selected_statements]
    values = np.array([stated, stated, stated])
    values[1:, seeds.priors.selected.index(name)] *= [0.9, 1.1]
    whole = build_network(seeds.priors, values, hold=True)
    once = build_network(seeds.priors, values, hold=True, constant_once=True, kept=KeptTables())
    for table, each in whole.tables.items():
        np.testing.assert_allclose(np.broadcast_to(once.tables[table], each.shape), each, rtol=1e-13, err_msg=table)
    single = {table for table, each in once.tables.items() if len(each) == 1}
    moved = {table for table, each in whole.tables.items() if not np.allclose(each[0], each[-1], rtol=1e-9, atol=0)}
    assert moved
    assert moved.isdisjoint(single)
    assert len(single) > len(once.tables) / 2
