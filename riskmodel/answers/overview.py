"""A model as a notebook shows it: what it is made of, and the base rates that it starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.text import RESEARCH_ONLY, Sheet

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.model import Model


def overview(model: Model) -> Sheet:
    """The facts of a model, and a table of its base rates by setting, in per cent."""
    priors, variables = model.priors.sheet().facts, model.tables.variables
    return Sheet(
        f"Model of {model.priors.prior_set.name} under policy {model.policy.name}",
        {
            "statements": priors["statements"],
            "of these": priors["of these"],
            "network": f"{len(variables)} variables, {sum(len(variable.parents) for variable in variables)} arcs",
            "policy": f"{len(model.policy.rules)} rules",
            "settings": ", ".join(model.settings) or "none",
            "model": model.scoring.model_hash,
            "note": RESEARCH_ONLY,
        },
        {"Probability of each serious condition given the setting alone, in %": base_rates(model)},
    )


def base_rates(model: Model) -> pd.DataFrame:
    """P(serious condition | setting) in per cent: a row a setting, a column a condition, composites last."""
    import pandas as pd

    scorer, weights = model.scoring.scorer, model.scoring.weights
    places = [*weights.leaders, *range(len(scorer.conditions), len(scorer.output_names))]
    return pd.DataFrame(
        100 * weights.baseline[:, places],
        index=pd.Index(model.settings or ("all",), name="setting"),
        columns=[scorer.output_names[place] for place in places],
    )
