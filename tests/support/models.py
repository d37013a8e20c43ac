"""The shipped models, loaded once for each process: models are never changed, so all tests share them."""

from functools import cache

import riskmodel as rm
from riskmodel.decision.reading.load import policy_names
from tests.support.paths import ROOT

POLICIES = policy_names(ROOT / "priors")
CONDITIONS = [
    "infection", "malignancy", "fracture", "cauda_equina", "nerve_compression", "inflammatory", "cauda_equina_mimic",
    "nonspinal_serious",
]  # fmt: skip


@cache
def shipped(priors: str = "seeds") -> rm.Model:
    return rm.load(priors)
