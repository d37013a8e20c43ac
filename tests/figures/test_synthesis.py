"""Forests, summary ROC, influence and judgements: what is drawn is what the tables say."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from riskmodel import figures
from riskmodel.errors import UsageError
from riskmodel.figures.forest import draw_forest
from riskmodel.figures.judgements import draw_judgements
from riskmodel.figures.summary_roc import draw_likelihood_ratios, draw_summary_roc
from riskmodel.figures.without_study import draw_influence
from riskmodel.synthesis.regions import region_of_mean, region_of_next_setting
from riskmodel.synthesis.synthesise import synthesise
from tests.support.published_studies import TELOMERASE


@pytest.fixture(scope="module")
def finding():
    table = pd.DataFrame(TELOMERASE).assign(
        study=[f"Study {i}" for i in range(10)], source=[f"study_{i}" for i in range(10)], locator="table 1",
        of="fever=present", given="infection=present", design=["two_gate", *["cohort"] * 9], year=range(2000, 2010),
    )  # fmt: skip
    return synthesise(table, draws=1000).findings[0]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def marks(ax, marker: str) -> list[tuple[float, float]]:
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() == marker]


def test_both_are_drawn_of_a_finding_of_a_synthesis(finding):
    assert len(figures.forest(finding)) == 2
    assert len(figures.summary_roc(finding).lines) >= len(finding.rows)
    shares = pd.DataFrame({"study": ["A"], "locator": "p. 1", "of": "fever=present", "given": "infection=present",
                           "events": [3], "n": [9]})  # fmt: skip
    (rate,) = synthesise(shares, draws=500).findings
    assert len(figures.forest(rate)) == 1
    with pytest.raises(UsageError, match="shares have no ROC"):
        figures.summary_roc(rate)


def test_a_forest_has_a_square_for_each_study(finding):
    axes = draw_forest(finding.studies, finding.together)
    for ax, measure in zip(axes, finding.measures, strict=True):
        rows = finding.studies[finding.studies["measure"] == measure]
        assert [x for x, _ in marks(ax, "s")] == pytest.approx(100 * rows["share"].to_numpy())
        assert [x for x, _ in marks(ax, "o")] == pytest.approx(100 * rows["shrunken"].to_numpy())
        diamond, bar = ax.patches
        together = finding.together[finding.together["measure"] == measure].set_index("which")
        ends = [100 * together.at["mean", name] for name in ("low", "value", "high")]
        assert sorted({x for x, _ in diamond.get_xy()}) == pytest.approx(ends)
        assert bar.get_x() == pytest.approx(100 * together.at["next", "low"])
        assert bar.get_x() + bar.get_width() == pytest.approx(100 * together.at["next", "high"])
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names[0].startswith("Study 0 2000")
    assert names[-2:] == ["mean", "next setting"]


def test_a_summary_roc_has_a_point_for_each_study(finding):
    regions = region_of_mean(finding.effects), region_of_next_setting(finding.effects)
    ax = draw_summary_roc(finding.studies, finding.together, *regions)
    shares = finding.studies.pivot_table(index="number", columns="measure", values="share")
    points = marks(ax, "^") + marks(ax, "o")
    assert points[0] == pytest.approx(tuple(shares.loc[1, ["false_positive_rate", "sensitivity"]]))
    assert len(points) == 10
    assert len(marks(ax, "D")) == 1
    largest = max(ax.lines[:-2], key=lambda line: line.get_markersize())
    assert largest.get_ydata()[0] == pytest.approx(40 / 57)  # of the study with the most people


def test_influence_has_a_row_for_each_study(finding):
    axes = draw_influence(finding.influence, finding.together)
    for ax, measure in zip(axes, finding.measures, strict=True):
        rows = finding.influence[finding.influence["measure"] == measure]
        assert [x for x, _ in marks(ax, "o")] == pytest.approx(100 * rows["value"].to_numpy())
        assert [bar.get_x() for bar in ax.patches] == pytest.approx(100 * rows["next_low"].to_numpy())


def test_likelihood_ratios_are_drawn_beside_1(finding):
    ax = draw_likelihood_ratios(finding.likelihood_ratios)
    means = finding.likelihood_ratios.query("which == 'mean'")["value"].to_numpy()
    assert [x for x, _ in marks(ax, "D")] == pytest.approx(means[:2])
    assert means[0] > 1 > means[1]


def test_judgements_are_told_apart_without_colour():
    counts = pd.DataFrame([{"domain": "index test", "low": 2, "unclear": 1, "high": 3, "not judged": 4}])
    ax = draw_judgements(counts)
    assert [text.get_text() for text in ax.texts] == ["+ 2", "? 1", "− 3", "4"]
    assert len({bar.get_hatch() for bar in ax.patches[:3]}) == 3
    assert [bar.get_width() for bar in ax.patches] == [2, 1, 3, 4]


def test_a_forest_says_what_a_number_stands_in_place_of(finding):
    replaced = {"sensitivity": "find.fever.infection, 0.67 (seed)"}
    first, second = draw_forest(finding.studies, finding.together, replaced=replaced)
    assert first.get_xlabel() == "%\nin place of find.fever.infection, 0.67 (seed)"
    assert second.get_xlabel() == "%"
