"""How probable the occult form is, against elimination in the network as exported."""

import numpy as np
import pandas as pd
import pytest
from pgmpy.inference import VariableElimination

from riskmodel.answers.occult import occult_if_present
from riskmodel.model import Model

NODES = {name: f"{name}_manifest" for name in ("infection", "malignancy", "fracture", "cauda_equina")}


def test_of_whom_nothing_is_known_the_shares_are_those_stated(seeds: Model) -> None:
    shares = occult_if_present(seeds.scoring.scorer, seeds.code([{"setting": "emergency"}]))
    stated = {name: seeds.statement(f"occult.{name}").value for name in NODES}
    assert shares == pytest.approx(stated, abs=1e-12)


def test_a_disease_that_evidence_excludes_is_left_out(seeds: Model) -> None:
    masks = seeds.code([{"infection": "absent", "fever": "yes"}], setting="emergency", known_outcomes=True)
    shares = occult_if_present(seeds.scoring.scorer, masks)
    assert set(shares) == set(NODES) - {"infection"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_shares_are_those_of_the_exported_network(seeds: Model, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = {"setting": "emergency", "age": "from_50_to_69", "crp": "over_50", "mri_fracture": "absent"}
    signs = ("fever", "night_sweats", "rest_pain", "spinal_tenderness", "leg_numbness", "saddle_anaesthesia")
    known |= {name: str(rng.choice(["absent", "present"], p=[0.7, 0.3])) for name in signs}
    masks = np.array([[v.mask(known[v.name]) if v.name in known else v.full_mask] for v in seeds.variables], np.uint8)
    shares = occult_if_present(seeds.scoring.scorer, masks)
    inference = VariableElimination(seeds.network)
    for name, node in NODES.items():
        answer = inference.query([node], {**known, name: "present"}, show_progress=False)
        assert shares[name] == pytest.approx(answer.get_value(**{node: "occult"}), abs=1e-10)


def test_an_explanation_says_it(seeds: Model) -> None:
    absent = {v.column: v.base for v in seeds.variables if v.role == "finding" and not v.lower_edges}
    explained = seeds.explain(absent | {"iv_drug_use": "yes", "crp_mg_l": 90}, setting="emergency")
    assert dict(explained.occult)["infection"] > 0.9
    assert "is occult)\n  infection 9" in str(explained)
    assert "is occult)" in explained._repr_html_()
    assert explained.to_dict()["occult"] == dict(explained.occult)
    assert pd.Series(dict(explained.occult)).between(0, 1).all()
