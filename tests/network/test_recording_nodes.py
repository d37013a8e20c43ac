"""Recording nodes in exported networks: nodes like any other, which other programs read and use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyagrum as gum
import pytest
from pgmpy.inference import VariableElimination

import riskmodel as rm
from riskmodel.evidence.records import recording_node
from riskmodel.network.export import export
from riskmodel.network.pgmpy_network import to_pgmpy
from riskmodel.network.simulate import sample

CASE = {"fever": "present", "trauma": "minor", "age": "from_50_to_69"}
SILENT = ("weight_loss", "night_sweats", "iv_drug_use", "saddle_anaesthesia", "leg_weakness")
WRITTEN = {"night_pain": ("absent", "written")}


@pytest.fixture(scope="module")
def chart(seeds: rm.Model) -> rm.Model:
    return seeds.with_recording("chart")


def evidence(setting: str) -> dict[str, str]:
    """The case as states of nodes: what is written down is so, what is blank is not."""
    written = {recording_node(name): "written" for name in CASE if name not in ("age",)}
    return {"setting": setting, **CASE, **written, **{recording_node(name): "not_written" for name in SILENT}}


def scored(model: rm.Model, setting: str) -> dict[str, float]:
    scorer = model.scoring.scorer
    row = {variable.name: i for i, variable in enumerate(model.variables)}
    masks = scorer.blank(1, model.settings.index(setting))
    for name, state in CASE.items():
        masks[row[name]] = model.variables[row[name]].mask(state)
    masks[[row[name] for name in SILENT]] = 0
    return dict(zip(scorer.output_names, scorer.posterior(masks).probability[:, 0].tolist(), strict=True))


@pytest.mark.slow
def test_pgmpy_reads_the_nodes_as_the_scorer_reads_blanks(chart: rm.Model) -> None:
    network = to_pgmpy(chart.tables)
    assert len(network.nodes) == len(chart.tables.variables) == len(chart.priors.network_variables) + 27
    engine, expected = VariableElimination(network), scored(chart, "emergency")
    for name in ("infection", "cauda_equina", "malignancy"):
        found = engine.query([name], evidence=evidence("emergency"), show_progress=False)
        at = found.state_names[name].index("present")
        assert abs(float(found.values[at]) - expected[name]) < 1e-10


@pytest.mark.slow
def test_pyagrum_reads_the_exported_file(chart: rm.Model, tmp_path: Path) -> None:
    export(chart.tables, tmp_path / "chart.bifxml", "xmlbif")
    net = gum.loadBN(str(tmp_path / "chart.bifxml"))
    engine = gum.LazyPropagation(net)
    engine.setEvidence(evidence("primary_care"))
    engine.addTarget("infection")
    engine.makeInference()
    at = list(net.variable("infection").labels()).index("present")
    assert abs(engine.posterior("infection")[at] - scored(chart, "primary_care")["infection"]) < 1e-10


@pytest.mark.parametrize("form", ["bif", "xmlbif", "net", "uai", "xdsl"])
def test_every_format_holds_the_nodes(chart: rm.Model, seeds: rm.Model, tmp_path: Path, form: str) -> None:
    files = export(chart.tables, tmp_path / f"chart.{form}", form)
    assert "recorded_fever" in files[0].read_text(encoding="utf-8")
    plain = export(seeds.tables, tmp_path / f"plain.{form}", form)
    assert "recorded_" not in plain[0].read_text(encoding="utf-8")


def test_people_are_simulated_as_before_and_written_down_at_the_stated_rates(chart: rm.Model, seeds: rm.Model) -> None:
    count = 20_000
    plain, people = (
        sample(model.tables, count, np.random.default_rng(4), {"setting": "emergency"}) for model in (seeds, chart)
    )
    assert all(np.array_equal(plain[name], people[name]) for name in plain)
    for variable, state, rate in (("fever", 0, 0.4), ("fever", 1, 0.9), ("trauma", 0, 0.85), ("leg_weakness", 0, 0.85)):
        of = people[variable] == state
        share = people[recording_node(variable)][of].mean()
        assert abs(share - rate) < 4 * np.sqrt(rate * (1 - rate) / of.sum())
