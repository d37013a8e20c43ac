"""Several statements on one quantity, pooled by a set."""

import math

import numpy as np
import pytest

import riskmodel as rm
from riskmodel.errors import PriorsError

POOL = """
extends = "seeds"

[pool."find.fever.infection"]
of = ["find.fever.infection", "find.fever.infection.study"]
"""


@pytest.fixture
def pooled(tmp_path):
    return load(tmp_path, POOL)


def load(folder, text):
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return rm.load(path)


def test_the_pooled_number_is_the_random_effects_mean(pooled):
    """Paule and Mandel's estimate, by its own equation: the weighted sum of squares equals k - 1."""
    seeds = rm.load()
    first, second = (seeds.statement(name) for name in ("find.fever.infection", "find.fever.infection.study"))
    logit = [math.log(s.value / (1 - s.value)) for s in (first, second)]
    size = seeds.priors.prior_set.default_n["seed"]
    sd = (math.log(second.high / (1 - second.high)) - math.log(second.low / (1 - second.low))) / 3.92
    variance = np.array([1 / (size * first.value * (1 - first.value)), sd**2])
    tau2 = pooled.priors.pooled["find.fever.infection"].tau2
    weight = 1 / (variance + tau2)
    mean = np.average(logit, weights=weight)
    assert (weight * (logit - mean) ** 2).sum() == pytest.approx(1, abs=1e-4)
    found = pooled.statement("find.fever.infection")
    assert found.value == pytest.approx(1 / (1 + math.exp(-mean)), rel=1e-6)
    reach = 1.959963984540054 / math.sqrt(weight.sum())
    assert found.low == pytest.approx(1 / (1 + math.exp(reach - mean)), rel=1e-4)
    assert found.high == pytest.approx(1 / (1 + math.exp(-reach - mean)), rel=1e-4)


def test_a_pooled_number_drives_the_network_and_says_so(pooled):
    value = pooled.statement("find.fever.infection").value
    assert 0.55 < value < 0.67
    assert "find.fever.infection" in pooled.priors.selected
    assert "find.fever.infection.study" not in pooled.priors.selected
    table = pooled.tables.tables["fever"][0]
    assert value in np.round(table, 15) or np.isclose(table, value, rtol=1e-12).any()
    origin = pooled.priors.origin("find.fever.infection")
    assert origin.startswith("pooled of find.fever.infection, find.fever.infection.study; tau² 0.0")
    assert pooled.priors.origin("find.fever.none") == ""


def test_an_override_in_place_of_the_pooled_number_ends_the_pooling(pooled):
    other = pooled.with_statement("find.fever.infection", value=0.6)
    assert other.priors.origin("find.fever.infection") == "pinned; overridden"


def test_statements_that_agree_have_no_heterogeneity(tmp_path):
    model = load(tmp_path, POOL + """
[override."find.fever.infection.study"]
value = 0.67
low = 0.6
high = 0.75
""")  # fmt: skip
    pool = model.priors.pooled["find.fever.infection"]
    assert (pool.tau2, pool.i2) == (0.0, 0.0)
    assert model.statement("find.fever.infection").value == pytest.approx(0.67, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[pool."find.fever.infectio"]\nof = ["find.fever.infection", "find.fever.none"]', "unknown statement"),
        ('[pool."find.fever.infection"]\nof = ["find.fever.infection"]', "two or more different statements"),
        ('[pool."find.fever.infection"]\nof = ["find.fever.infection", "find.night_pain.none"]', "of night_pain"),
        ('[pool."find.fever.infection"]\nwith = ["a"]', "unknown key 'with'"),
        ("pool = 3", "key 'pool': received 3"),
    ],
)
def test_a_bad_pool_is_refused(tmp_path, text, problem):
    with pytest.raises(PriorsError, match=problem):
        load(tmp_path, f'extends = "seeds"\n{text}\n')


def test_the_check_shows_what_is_pooled(pooled):
    from riskmodel.report.check import report

    lines = list(report(pooled, draws=64))
    at = lines.index("Numbers that mine pins, overrides or pools:")
    assert "pooled of find.fever.infection, find.fever.infection.study" in lines[at + 2]
