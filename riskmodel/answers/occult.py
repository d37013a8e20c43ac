"""How probable it is that a disease, if it is there, shows none of its usual signs at this visit."""

from __future__ import annotations

from dataclasses import replace

from riskmodel.arrays import Masks
from riskmodel.inference.scorer import Scorer


def occult_if_present(scorer: Scorer, case: Masks) -> dict[str, float]:
    """P(occult | present, evidence) of each condition that can be occult, for one case; shape (variables, 1).

    Its joint probability is that of a scorer in which the condition is never manifest. A condition that the evidence
    excludes is left out.
    """
    now = scorer.posterior(case)
    shares = {}
    for node, bit in enumerate(scorer.node_bits):
        never_manifest = scorer.occult.copy()
        never_manifest[node, 1] = 0.0
        hidden, output = replace(scorer, occult=never_manifest).posterior(case), int(scorer.bits[bit])
        present = float(now.probability[output, 0] * now.evidence[0])
        if present > 0:
            shares[scorer.conditions[output]] = float(hidden.probability[output, 0] * hidden.evidence[0]) / present
    return shares
