"""UAI and XDSL as pyAgrum alone reads them, on request: the first parent fastest."""

import csv

import numpy as np
import pyagrum as gum
import pytest

from riskmodel.cohort import simulate
from riskmodel.model import load
from riskmodel.network.export import export

FORMATS = {"bif": "bif", "xmlbif": "bifxml", "net": "net", "uai": "uai", "xdsl": "xdsl"}
SINGLE = {"bif", "net", "uai"}  # pyAgrum reads these in single precision


@pytest.fixture(scope="module", params=["seeds", "literature"])
def model(request):
    return load(request.param)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_pyagrum_gives_the_same_posteriors_of_every_format(model, form, tmp_path):
    path = tmp_path / f"network.{FORMATS[form]}"
    written = export(model.tables, path, form, for_pyagrum=True)
    network = gum.loadBN(str(path))
    names = {v.name: v.name for v in model.tables.variables}
    if form == "uai":
        with written[0].open() as file:
            names = {row["variable"]: row["index"] for row in csv.DictReader(file)}
    people = simulate(model, 30, np.random.default_rng(1), setting="emergency", missing=0.4)
    expected = model.scoring.scorer.posterior(people.masks).probability
    inference = gum.LazyPropagation(network)
    worst = 0.0
    for i in range(30):
        evidence = {
            names[variable.name]: int(mask).bit_length() - 1
            for variable, mask in zip(model.variables, people.masks[:, i], strict=True)
            if variable.in_network and mask != variable.full_mask
        }
        inference.setEvidence(evidence)
        inference.makeInference()
        for c, condition in enumerate(model.tables.conditions):
            worst = max(worst, abs(inference.posterior(names[condition.name])[1] - expected[c, i]))
    assert worst < (2e-6 if form in SINGLE else 1e-8)
