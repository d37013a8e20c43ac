"""Pairs of statements whose draws go together."""

import numpy as np
import pytest
from scipy import special, stats

import riskmodel as rm
from riskmodel.errors import PriorsError
from riskmodel.evidence.digests import digest_of_priors
from riskmodel.evidence.distributions import blocks_of_draws, dimensions, draw_values, values_at
from riskmodel.evidence.load import load_priors
from riskmodel.model import Model

PAIR = ("find.fever.infection", "find.fever.none")
AGES = ("context.age.primary_care.from_50_to_69", "context.age.emergency.from_50_to_69")


def written(tmp_path, text: str, name: str = "pair.toml", extends: str = "seeds"):
    file = tmp_path / name
    file.write_text(f'extends = "{extends}"\n{text}', encoding="utf-8")
    return file


def paired(tmp_path, first: str, second: str, correlation: float):
    return load_priors(
        written(tmp_path, f'[[drawn_together]]\nstatements = ["{first}", "{second}"]\ncorrelation = {correlation}\n')
    )


def columns(priors, names):
    return [priors.selected.index(name) for name in names]


@pytest.mark.parametrize("correlation", [-0.4, 0.9])
def test_each_keeps_its_values_and_the_two_go_together(tmp_path, seeds: Model, correlation):
    priors = paired(tmp_path, *PAIR, correlation)
    first, second = columns(priors, PAIR)
    apart, together = (draw_values(p, 2001, np.random.default_rng(3)) for p in (seeds.priors, priors))
    assert np.array_equal(apart[0], together[0])  # the stated values
    others = [i for i in range(apart.shape[1]) if i != max(first, second)]
    assert np.array_equal(apart[:, others], together[:, others])
    assert np.array_equal(np.sort(apart, axis=0), np.sort(together, axis=0))
    ranks = stats.spearmanr(together[1:, first], together[1:, second]).statistic
    assert 2 * np.sin(np.pi * ranks / 6) == pytest.approx(correlation, abs=0.04)
    logits = special.logit(together[1:, [first, second]])
    assert np.corrcoef(logits.T)[0, 1] == pytest.approx(correlation, abs=0.06)


def test_parts_of_two_distributions_go_together_and_each_sums_to_one(tmp_path, seeds: Model):
    priors = load_priors("seeds")
    whole = [names for names in dict.fromkeys(dimensions(priors)) if len(names) > 1][:2]
    priors = paired(tmp_path, whole[0][0], whole[1][0], 0.8)
    drawn = draw_values(priors, 2001, np.random.default_rng(3))
    usual = draw_values(seeds.priors, 2001, np.random.default_rng(3))
    for names in whole:
        parts = columns(priors, names)
        assert (drawn[:, parts].sum(axis=1) <= 1 + 1e-12).all()
        for part in parts:
            assert stats.kstest(drawn[1:, part], usual[1:, part]).pvalue > 0.01
    pair = columns(priors, (whole[0][0], whole[1][0]))
    assert stats.spearmanr(drawn[1:, pair]).statistic > 0.5
    block = next(members for members, _ in blocks_of_draws(priors) if pair[0] in members)
    assert block == tuple(sorted(columns(priors, [*whole[0], *whole[1]])))
    assert dimensions(priors)[pair[0]] == dimensions(priors)[pair[1]]


def test_points_are_mapped_one_by_one(tmp_path):
    priors = paired(tmp_path, *PAIR, -0.6)
    first, second = sorted(columns(priors, PAIR))
    points = np.random.default_rng(5).random((4000, len(dimensions(priors))))
    values = values_at(priors, points)
    assert np.array_equal(values[:7], values_at(priors, points[:7]))
    usual = values_at(load_priors("seeds"), points)
    assert np.array_equal(values[:, first], usual[:, first])
    assert stats.kstest(values[:, second], usual[:, second]).pvalue > 0.01
    assert stats.spearmanr(values[:, first], values[:, second]).statistic == pytest.approx(-0.58, abs=0.05)


def test_a_pair_is_part_of_the_model(tmp_path, seeds: Model):
    priors = paired(tmp_path, *PAIR, -0.4)
    assert digest_of_priors(priors) != digest_of_priors(seeds.priors)
    assert digest_of_priors(priors) != digest_of_priors(paired(tmp_path, *PAIR, -0.3))
    model = seeds.with_statements([], drawn_together=[{"statements": list(PAIR), "correlation": -0.4}])
    assert digest_of_priors(model.priors) == digest_of_priors(priors)
    drawn = (draw_values(p, 65, np.random.default_rng(1)) for p in (model.priors, priors))
    assert np.array_equal(*drawn)
    ratio = np.log(values_of(model)[1:, 0] / values_of(model)[1:, 1])
    usual = np.log(values_of(seeds)[1:, 0] / values_of(seeds)[1:, 1])
    assert ratio.std() > 1.03 * usual.std()  # of two that go against each other the ratio is less sure


def values_of(model: Model) -> np.ndarray:
    return draw_values(model.priors, 1001, np.random.default_rng(1))[:, columns(model.priors, PAIR)]


def test_a_later_set_has_the_last_word(tmp_path):
    paired(tmp_path, *PAIR, -0.4)
    off = f'[[drawn_together]]\nstatements = ["{PAIR[1]}", "{PAIR[0]}"]\ncorrelation = 0\n'
    assert load_priors(written(tmp_path, off, "off.toml", "pair.toml")).drawn_pairs == ()
    other = f'[[drawn_together]]\nstatements = ["{PAIR[0]}", "find.fever.malignancy"]\ncorrelation = 0.2\n'
    pairs = load_priors(written(tmp_path, other, "other.toml", "pair.toml")).drawn_pairs
    assert [pair.correlation for pair in pairs] == [0.2]


def test_a_statement_that_is_not_taken_moves_nothing(tmp_path, seeds: Model):
    priors = paired(tmp_path, "find.fever.infection.study", PAIR[1], 0.5)
    drawn = (draw_values(p, 65, np.random.default_rng(1)) for p in (seeds.priors, priors))
    assert np.array_equal(*drawn)
    assert digest_of_priors(priors) == digest_of_priors(seeds.priors)


@pytest.mark.parametrize(
    ("statements", "correlation", "message"),
    [
        (
            ["find.fever.infection", "find.fever.non"],
            0.4,
            r"unknown statement 'find.fever.non'.*did you mean 'find.fever.none'",
        ),
        (["find.fever.infection"], 0.4, "two different statements"),
        (["find.fever.infection", "find.fever.infection"], 0.4, "two different statements"),
        (list(PAIR), 1.0, r"received 1.0; allowed: from -0.99 to 0.99"),
        (list(PAIR), "a lot", "drawn_together 1.*correlation.*a number"),
    ],
)
def test_what_is_no_pair_is_refused(seeds: Model, statements, correlation, message):
    with pytest.raises(PriorsError, match=message):
        seeds.with_statements([], drawn_together=[{"statements": statements, "correlation": correlation}])


def test_all_problems_of_pairs_at_once(tmp_path):
    text = ""
    for names in (PAIR, (PAIR[0], "find.fever.malignancy")):
        text += f"[[drawn_together]]\nstatements = {list(names)}\ncorrelation = 0.3\nrho = 1.0\n".replace("'", '"')
    with pytest.raises(PriorsError) as error:
        rm.load(written(tmp_path, text))
    assert len(error.value.problems) == 2
    assert "unknown key 'rho'" in str(error.value)
    with pytest.raises(PriorsError, match="stands in a pair before"):
        rm.load(written(tmp_path, text.replace("rho = 1.0\n", "")))
    with pytest.raises(PriorsError, match=r"allowed: tables \[\[drawn_together\]\]"):
        rm.load(written(tmp_path, 'drawn_together = "a, b"\n'))


def test_a_written_set_keeps_its_pairs(tmp_path, seeds: Model):
    pair = {"statements": list(PAIR), "correlation": -0.4}
    first = rm.load(seeds.with_statements([], drawn_together=[pair]).write(tmp_path / "first.toml"))
    assert [(p.statements, p.correlation) for p in first.priors.drawn_pairs] == [(PAIR, -0.4)]
    ended = first.with_statements([], drawn_together=[{**pair, "correlation": 0.0}])
    assert ended.priors.drawn_pairs == ()
    assert rm.load(ended.write(tmp_path / "second.toml")).priors.drawn_pairs == ()
    sourced = first.with_statement(
        PAIR[0], source="whitlock_2026", basis="seed", locator="x", read="full_text", value=0.6, n=40
    )
    assert sourced.priors.drawn_pairs == ()  # another source was not synthesised together with the other number
    assert rm.load(sourced.write(tmp_path / "apart.toml")).priors.drawn_pairs == ()
    sourced = sourced.with_statements([], drawn_together=[pair])
    again = rm.load(sourced.write(tmp_path / "third.toml")).priors
    (kept,) = again.drawn_pairs
    assert kept.statements[0] != PAIR[0]
    assert set(kept.statements) <= set(again.selected)
