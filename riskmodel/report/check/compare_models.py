"""Two models on the same cases: posteriors and actions side by side, and what is different between the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.casefiles.read.frame import as_frame
from riskmodel.errors import UsageError
from riskmodel.model import Cases, Model, checked_model
from riskmodel.report.check.compare_sets import swaps
from riskmodel.text import Sheet, Shown

ACTIONS = ("urgency", "imaging", "imaging_within", "tests", "tests_within", "referral", "referral_within")


@dataclass(frozen=True, eq=False, repr=False)
class ModelComparison(Shown):
    """Two models on the same cases.

    Attributes
    ----------
    first, second
        the names of the models, as they head the columns.
    cases
        one row a case. Columns of two levels: ``p_…`` of the serious conditions, ``urgency``, ``imaging``, ``tests``
        and ``referral`` with their times, each of the first and of the second model; ``changed``: whether any of
        these differs.
    statements
        one row a parameter that different statements or numbers drive: ``statement``, ``value`` (first -> second).
    """

    first: str
    second: str
    cases: pd.DataFrame
    statements: pd.DataFrame

    @property
    def changed(self) -> pd.DataFrame:
        """The cases whose action differs."""
        return self.cases[self.cases["changed", ""]]

    def sheet(self) -> Sheet:
        gaps = {
            name: float((self.cases[name, self.second] - self.cases[name, self.first]).abs().max())
            for name in dict.fromkeys(self.cases.columns.get_level_values(0))
            if name.startswith("p_")
        }
        return Sheet(
            f"{self.first} beside {self.second}",
            {
                "cases": len(self.cases),
                "with another action": len(self.changed),
                "largest change of a probability": ", ".join(f"{name} {gap:.3g}" for name, gap in gaps.items()),
                "parameters driven differently": len(self.statements),
            },
            {"Cases whose action differs": self.changed, "What is driven differently": self.statements},
        )


def compare(
    first: Model, second: Model, cases: Cases, *, setting: str | None = None, known_outcomes: bool = False
) -> ModelComparison:
    """What two models say of the same cases.

    Parameters
    ----------
    first, second
        models that read the same columns: of two prior sets, of two policies, or before and after a statement was
        changed.
    cases, setting, known_outcomes
        as for :meth:`riskmodel.model.Model.score`.

    Raises
    ------
    UsageError
        when the models have different variables.

    Examples
    --------
    >>> import riskmodel as rm
    >>> model = rm.load()
    >>> other, case = model.with_policy("whitlock_2026"), {"fever": "yes", "age": 30}
    >>> comparison = compare(model, other, case, setting="emergency")
    >>> comparison.cases["referral"].shape  # a row a case, a column a model
    (1, 2)
    """
    for model in (first, second):
        checked_model(model, "compare")
    if [v.name for v in first.variables] != [v.name for v in second.variables]:
        raise UsageError("the two models have different variables: they cannot be set beside each other")
    frame = as_frame(cases)
    names = _names(first, second)
    both = [model.score(frame, setting=setting, known_outcomes=known_outcomes) for model in (first, second)]
    scorer = first.scoring.scorer
    outputs = [*first.scoring.weights.leaders, *range(len(scorer.conditions), len(scorer.output_names))]
    columns = [*(f"p_{scorer.output_names[output]}" for output in outputs), *ACTIONS]
    side_by_side = {
        (column, name): scored[column] for column in columns for name, scored in zip(names, both, strict=True)
    }
    differs = np.any([both[0][column].to_numpy() != both[1][column].to_numpy() for column in ACTIONS], axis=0)
    table = pd.DataFrame({**side_by_side, ("changed", ""): differs}, index=both[0].index)
    if "case_id" in both[0]:
        table.index = pd.Index(both[0]["case_id"], name="case_id")
    pairs = swaps(first.priors, second.priors)
    statements = pd.DataFrame({"statement": [swap.name for swap in pairs], "value": [swap.values for swap in pairs]})
    return ModelComparison(*names, table, statements)


def _names(first: Model, second: Model) -> tuple[str, str]:
    """What tells the two apart: their prior sets, their policies, or their places."""
    for names in (
        (first.priors.prior_set.name, second.priors.prior_set.name),
        (first.policy.name, second.policy.name),
    ):
        if names[0] != names[1]:
            return names
    return "first", "second"
