"""How good are the probabilities and the actions? Metrics of predictions against known outcomes.

Outcomes are 1, 0 or NaN (unknown: the person is left out of that condition's metrics, and the counts say so).
"""

from riskmodel.metrics.curves import decision_curve, reliability, roc
from riskmodel.metrics.decisions import confusion, net_benefit
from riskmodel.metrics.evaluate import Judged, concat_judged, evaluate, judge, judge_coded, tabulate
from riskmodel.metrics.policies import policy_curves
from riskmodel.metrics.predictors import PREDICTOR_SETS, predictors_of
from riskmodel.metrics.probabilities import PROBABILITY_METRICS
from riskmodel.metrics.recalibration import smooth_reliability
from riskmodel.metrics.summary import FEWEST_EVENTS, summarise

__all__ = [
    "FEWEST_EVENTS",
    "PREDICTOR_SETS",
    "PROBABILITY_METRICS",
    "Judged",
    "concat_judged",
    "confusion",
    "decision_curve",
    "evaluate",
    "judge",
    "judge_coded",
    "net_benefit",
    "policy_curves",
    "predictors_of",
    "reliability",
    "roc",
    "smooth_reliability",
    "summarise",
    "tabulate",
]
