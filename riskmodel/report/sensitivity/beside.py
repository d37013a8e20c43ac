"""The explorer beside a report: the same prior sets, policy, recording profile and cases, for what was not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskmodel.explorer.content import MOST_CASES, ShownCases, asks_alike
from riskmodel.explorer.page import explorer_page

if TYPE_CHECKING:
    from riskmodel.report.sensitivity.study import Study

EXPLORER = "explorer.html"
MOST_SETS, MOST_DRAWS = 2, 100  # what the page carries: with more it would be larger than 1.5 MB


def lists_cases(study: Study) -> bool:
    """Whether the page can list the report's cases."""
    return 0 < len(study.names) <= MOST_CASES


def explorer_beside(study: Study) -> str:
    """The page: its first prior sets and policy are the report's, and it opens in the setting of most cases."""
    alike = [model for model in study.models if asks_alike(model, study.model)]
    cases = ShownCases(study.names, study.recorded) if lists_cases(study) else ShownCases()
    draws = min(study.spec.draws, MOST_DRAWS)
    return explorer_page(alike[:MOST_SETS], draws=draws, seed=study.spec.seed, setting=study.main_setting, cases=cases)
