"""What informed a number: fits to cohorts and to published tables, in set files and in shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskmodel.answers.uncertainty import shares
from riskmodel.errors import PriorsError
from riskmodel.evidence.lineage import basis_shares, lineage, read_shares
from riskmodel.evidence.load import load_priors, with_overrides
from riskmodel.evidence.origin import CitedSource, Fit, Informed

FEVER = "find.fever.none"
FIT = Fit("2026-11-22", "0.9", f"sha256:{'ab' * 32}", "riskmodel synthesise --jointly", "synthesis")
TABLES = CitedSource("tables_2026", "Fit to 12 published tables", "synthesis", where="12 tables", fit=FIT)
TOLD = Informed(
    "tables_2026", 120, 0.4, "synthesis", (0.05, 0.02, 0.12), (("henschke_2009", 0.75), ("deyo_1988", 0.25))
)
SET = """\
title = "fitted"
extends = "seeds"
[sources.tables_2026]
title = "Fit to 12 published tables"
kind = "synthesis"
where = "12 tables"
[sources.tables_2026.fit]
date = "2026-11-22"
version = "0.9"
tables_hash = "HASH"
command = "riskmodel synthesise --jointly"
[override."find.fever.none"]
value = 0.06
low = 0.04
high = 0.09
informed = [{ INFORMED }]
""".replace("HASH", FIT.data_hash)
WHOLE = (
    'synthesis = "tables_2026", people = 120, share = 0.4, was = [0.05, 0.02, 0.12], '
    "tables = { deyo_1988 = 0.25, henschke_2009 = 0.75 }"
)


def written(tmp_path, informed=WHOLE, change=("", "")):
    path = tmp_path / "fitted.toml"
    path.write_text(SET.replace("INFORMED", informed).replace(*change))
    return path


def test_a_set_says_what_published_tables_told(tmp_path):
    priors = load_priors(written(tmp_path))
    statement = priors.statement(FEVER)
    assert statement.informed == (TOLD,)
    assert (statement.basis, statement.read) == ("seed", load_priors("seeds").statement(FEVER).read)
    assert priors.sources["tables_2026"] == TABLES
    assert Informed.of_table(TOLD.as_table()) == TOLD
    assert Fit.of_table(FIT.as_table()) == FIT
    by_call = with_overrides(
        load_priors("seeds"),
        {FEVER: {"value": 0.06, "low": 0.04, "high": 0.09, "informed": [TOLD.as_table()]}},
        {"tables_2026": TABLES},
    )
    assert by_call.statement(FEVER) == statement


def test_a_number_rests_on_a_fit_in_the_share_that_it_brought(seeds):
    def informed(*fits):
        numbers = {"value": 0.06, "low": 0.04, "high": 0.09, "informed": [fit.as_table() for fit in fits]}
        sources = {fit.source: CitedSource(fit.source, fit.source, "data") for fit in fits}
        return with_overrides(seeds.priors, {FEVER: numbers}, sources).statement(FEVER)

    cohort = Informed("clinic", 50, 0.5)
    both = informed(TOLD, cohort)
    assert basis_shares(both) == pytest.approx({"seed": 0.3, "synthesis": 0.2, "cohort": 0.5})
    assert read_shares(both) == pytest.approx({both.read: 0.3, "in_synthesis": 0.2, "in_cohort": 0.5})
    assert lineage(both) == (
        "20 % from synthesis tables_2026 (120 people; henschke_2009 75 %, deyo_1988 25 %), "
        "50 % from cohort clinic (50 people)"
    )
    little = informed(Informed("clinic", 5, 0.09), Informed("tables_2026", 5, 0.099, "synthesis"))
    assert basis_shares(little) == {"seed": 1}
    assert read_shares(little) == {little.read: 1}


def test_what_the_uncertainty_rests_on_names_the_tables(seeds, tmp_path):
    masks = seeds.code(pd.DataFrame({"fever": ["yes"]}), setting="emergency")
    split = shares(load_priors(written(tmp_path)), seeds.variables, masks, 60, 1)
    for kinds in split.values():
        np.testing.assert_allclose(sum(kinds.values()), 1)
    assert split["basis"]["synthesis"].max() > 0.01
    assert split["read"]["in_synthesis"].max() > 0.01
    assert "synthesis" not in shares(seeds.priors, seeds.variables, masks, 60, 1)["basis"]


@pytest.mark.parametrize(
    ("informed", "message"),
    [
        ('people = 1, share = 0.2', "informed.0.*cohort or synthesis: one of them"),
        (f'cohort = "clinic", {WHOLE}', "informed.0.*cohort or synthesis: one of them"),
        ('synthesis = "tables_2025", people = 1, share = 0.2', "unknown source 'tables_2025'.*mean 'tables_2026'"),
        ('cohort = "tables_2026", people = 1, share = 0.2', "cohort = 'tables_2026'; synthesis = .*a tables_hash"),
        ('cohort = "tables_2026", people = 1, share = 0.2, tables = { a = 1.0 }', "a cohort is people, not tables"),
        (WHOLE.replace("0.25", "0.75"), "shares of the tables that sum to 1 at most"),
        (WHOLE.replace("0.25", "1.5"), "informed.0.tables.deyo_1988.*received 1.5"),
        (WHOLE.replace("share", "shares"), "unknown key 'shares'; one of cohort, .*did you mean 'share'"),
        (WHOLE.replace("0.12]", "0.04]"), "the value within its range"),
        (WHOLE.replace(", 0.12]", "]"), "informed.0.was.*at least 3"),
    ],
)  # fmt: skip
def test_a_broken_record_of_a_fit_is_reported(tmp_path, informed, message):
    with pytest.raises(PriorsError, match=f"(?s)find.fever.none.*{message}"):
        load_priors(written(tmp_path, informed))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("tables_hash", "cohort_hash = 'x'\ntables_hash"), "cohort_hash or tables_hash: one of them"),
        ((f'tables_hash = "{FIT.data_hash}"', ""), "cohort_hash or tables_hash: one of them"),
    ],
)
def test_a_fit_has_one_hash(tmp_path, change, message):
    with pytest.raises(PriorsError, match=f"(?s)source 'tables_2026', key 'fit'.*{message}"):
        load_priors(written(tmp_path, change=change))
