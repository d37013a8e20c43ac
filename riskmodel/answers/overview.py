"""A model as a notebook shows it: what it is made of, and the base rates that it starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.answers.settings import settings_of
from riskmodel.text import RESEARCH_ONLY, Sheet

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.answers.scoring import Scoring
    from riskmodel.evidence.records import Priors
    from riskmodel.network.network import Network


def overview(priors: Priors, network: Network, scoring: Scoring) -> Sheet:
    """The facts of a model, and a table of its base rates by setting, in per cent."""
    facts, variables = priors.sheet().facts, network.variables
    return Sheet(
        f"Model of {priors.prior_set.name} under policy {scoring.policy.name}",
        {
            "statements": facts["statements"],
            "of these": facts["of these"],
            "network": f"{len(variables)} variables, {sum(len(variable.parents) for variable in variables)} arcs",
            "recording": scoring.blanks.profile,
            "policy": f"{len(scoring.policy.rules)} rules",
            "settings": ", ".join(settings_of(scoring.variables)) or "none",
            "model": scoring.model_hash,
            "note": RESEARCH_ONLY,
        },
        {"Probability of each serious condition given the setting alone, in %": base_rates(scoring)},
    )


def base_rates(scoring: Scoring) -> pd.DataFrame:
    """P(serious condition | setting) in per cent: a row a setting, a column a condition, composites last."""
    import pandas as pd

    scorer, weights = scoring.scorer, scoring.weights
    outputs = [*weights.leaders, *range(len(scorer.conditions), len(scorer.output_names))]
    return pd.DataFrame(
        100 * weights.baseline[:, outputs],
        index=pd.Index(settings_of(scoring.variables) or ("all",), name="setting"),
        columns=[scorer.output_names[output] for output in outputs],
    )
